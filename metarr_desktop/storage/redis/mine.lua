-- After an answer was lost: make Redis and this process agree on what the process runs. ARGV: worker, lease
-- in ms, what it runs as JSON. What was taken without its knowledge waits again; what Redis forgot that it
-- was taken is taken again. Returns the ids of the former.
local worker, lease = ARGV[1], server_ms() + tonumber(ARGV[2])
local known, freed = {}, {}
for _, job in ipairs(cjson.decode(ARGV[3])) do
  known[job.id] = true
  local had = fields(job.id, 'status', 'runs', 'lane', 'merge')
  if had[1] == 'pending' and had[2] == job.runs then
    run(job.id, had[3], had[4], job.leader)
    redis.call('HSET', P .. 'job:' .. job.id, 'status', 'processing', 'worker', worker, 'lease', lease,
      'starts', job.starts, 'started', job.started, 'leader', job.leader, 'longest', '', 'seized', '')
  end
end
for _, id in ipairs(redis.call('SMEMBERS', P .. 'running')) do
  if not known[id] and fields(id, 'worker')[1] == worker then
    wait_again(id)
    freed[#freed + 1] = id
  end
end
return freed
