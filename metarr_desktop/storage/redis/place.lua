-- Bring jobs to what the database says of them. ARGV: how, the jobs as JSON, for how many ms a run that
-- Redis forgot counts as held, for whoever runs it to say so.
-- "news" follows changes one by one: what is older than what was seen (rev) says nothing. "heal" compares
-- everything after a start or a loss, and leaves a run that goes on alone. Either may come twice.
local how = ARGV[1]

local function is_new(job, had)
  if not had[1] then
    return true
  end
  local same_run = tonumber(had[2]) == tonumber(job.runs)
  if how == 'news' then
    return tonumber(job.rev) > tonumber(had[1]) and not (had[3] == 'processing' and same_run)
  end
  if had[3] == 'processing' or job.compare == '' then
    return tonumber(job.runs) > tonumber(had[2])
  end
  return not same_run or job.run_after ~= had[4]
end

for _, job in ipairs(cjson.decode(ARGV[2])) do
  local had = fields(job.id, 'rev', 'runs', 'status', 'run_after')
  if job.gone then
    remove(job.id)
  elseif is_new(job, had) then
    remove(job.id)
    local rev = math.max(tonumber(job.rev), tonumber(had[1] or '0'))
    redis.call('HSET', P .. 'job:' .. job.id, 'lane', job.lane, 'priority', job.priority,
      'run_after', job.run_after, 'expires', job.expires, 'merge', job.merge, 'waits', job.waits,
      'left', job.left, 'dedupe', job.dedupe, 'runs', job.runs, 'rev', rev, 'status', job.status,
      'starts', job.starts, 'worker', job.worker, 'started', job.started, 'leader', job.leader,
      'lease', server_ms() + tonumber(ARGV[3]), 'longest', '', 'cancel', '', 'progress', '', 'seized', '',
      'mark', job.mark,
      'updated', job.started)
    if job.merge ~= '' then
      redis.call('SADD', P .. 'family:' .. job.lane .. '|' .. job.merge, job.id)
    end
    if job.status == 'processing' then -- where nobody holds it, a look at orphans takes it back
      run(job.id, job.lane, job.merge, job.leader)
    else
      if job.ready == '1' then
        ready(job.id, job.lane, job.priority, job.run_after)
      else
        redis.call('ZADD', P .. 'due', job.run_after, job.id)
      end
      if job.expires ~= '' then
        redis.call('ZADD', P .. 'expiry', job.expires, job.id)
      end
    end
  elseif tonumber(job.rev) > tonumber(had[1]) then
    redis.call('HSET', P .. 'job:' .. job.id, 'rev', job.rev)
  end
end
return 1
