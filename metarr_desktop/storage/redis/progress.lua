-- Note how far a run is; 0 where it is over or another's. ARGV: id, worker, starts, started, the note, now.
local had = fields(ARGV[1], 'status', 'worker', 'starts', 'started')
if had[1] ~= 'processing' or had[2] ~= ARGV[2] or had[3] ~= ARGV[3] or had[4] ~= ARGV[4] then
  return 0
end
redis.call('HSET', P .. 'job:' .. ARGV[1], 'progress', ARGV[5], 'updated', ARGV[6])
return 1
