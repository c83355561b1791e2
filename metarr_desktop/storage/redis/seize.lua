-- Take a waiting job so that nobody runs it while it is ended. ARGV: id, worker, lease in ms.
-- Returns "gone", "running", or the number of its run.
local had = fields(ARGV[1], 'status', 'lane', 'merge', 'runs')
if not had[1] then
  return 'gone'
end
if had[1] == 'processing' then
  return 'running'
end
run(ARGV[1], had[2], had[3], '')
redis.call('HSET', P .. 'job:' .. ARGV[1], 'status', 'processing', 'worker', ARGV[2], 'leader', '',
  'lease', server_ms() + tonumber(ARGV[3]), 'seized', '1')
return had[4]
