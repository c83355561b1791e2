-- Take the jobs that run next. ARGV: now, turn, limit, worker, lease in ms, lanes as JSON
-- [[lane, how many at once, is it to be probed]], open merge windows as JSON {"lane|key": until},
-- is the queue shared, milliseconds after which a job whose twin runs looks again, the turn of who waited
-- longest, how many expire at once. All of it is one step: no other client sees a part of it.
local now, turn, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local worker, lease = ARGV[4], server_ms() + tonumber(ARGV[5])
local windows = cjson.decode(ARGV[7])
local shared, twin_ms, out_of_turn = ARGV[8] == '1', tonumber(ARGV[9]), tonumber(ARGV[10])
local DUE_AT_ONCE = 1000

local function start(id, leader, longest)
  local key = P .. 'job:' .. id
  local had = fields(id, 'lane', 'merge', 'runs', 'dedupe', 'mark')
  run(id, had[1], had[2], leader)
  local starts = redis.call('HINCRBY', key, 'starts', 1)
  redis.call('HSET', key, 'status', 'processing', 'worker', worker, 'started', ARGV[1], 'lease', lease,
    'leader', leader, 'longest', longest, 'cancel', '', 'progress', '', 'waits', '', 'updated', ARGV[1])
  return {id = id, runs = had[3], starts = starts, mark = had[4] == '1' or had[5] == '1'}
end

local expired = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', P .. 'expiry', '-inf', now, 'LIMIT', 0, tonumber(ARGV[11]))) do
  stop_waiting(id, fields(id, 'lane')[1]) -- it is only being ended, and takes no place in its lane
  redis.call('SADD', P .. 'running', id)
  redis.call('HSET', P .. 'job:' .. id, 'status', 'processing', 'worker', worker, 'started', ARGV[1],
    'lease', lease, 'leader', '', 'seized', '1')
  expired[#expired + 1] = id
end

for _, id in ipairs(redis.call('ZRANGEBYSCORE', P .. 'due', '-inf', now, 'LIMIT', 0, DUE_AT_ONCE)) do
  local had = fields(id, 'lane', 'priority', 'run_after', 'waits')
  redis.call('ZREM', P .. 'due', id)
  if had[4] ~= '' then
    redis.call('HSET', P .. 'job:' .. id, 'waits', '', 'mark', '1')
  end
  ready(id, had[1], had[2], had[3])
end

local free, probing = {}, {}
for _, lane in ipairs(cjson.decode(ARGV[6])) do
  local left = tonumber(lane[2]) - redis.call('SCARD', P .. 'busy:' .. lane[1])
  if left > 0 then
    free[lane[1]] = lane[3] and 1 or left
    probing[lane[1]] = lane[3]
  end
end

-- What this process could not do, others try.
local function left_by_us(id)
  return shared and string.find(fields(id, 'left')[1] or '', worker, 1, true) ~= nil
end

local function head_of(place)
  local from = 0
  while true do
    local some = redis.call('ZRANGE', place, from, from + 31, 'WITHSCORES')
    if #some == 0 then
      return false
    end
    for at = 1, #some, 2 do
      if not left_by_us(some[at]) then
        return {id = some[at], score = tonumber(some[at + 1])}
      end
    end
    from = from + 32
  end
end

local heads = {}
local function first(longest)
  local best, best_lane
  for lane, left in pairs(free) do
    if left > 0 then
      local head
      if longest then
        head = head_of(P .. 'wait:' .. lane)
      else
        if heads[lane] == nil then
          heads[lane] = head_of(P .. 'ready:' .. lane)
        end
        head = heads[lane]
      end
      if head and (not best or head.score < best.score or (head.score == best.score and head.id < best.id)) then
        best, best_lane = head, lane
      end
    end
  end
  return best, best_lane
end

-- A job waits while the merge window of its key is open, or while one of its key runs.
local held = {}
local function hold(lane, merge)
  local family = lane .. '|' .. merge
  local till = tonumber(windows[family] or 0)
  if till <= now then
    if redis.call('EXISTS', P .. 'going:' .. family) == 0 then
      return false
    end
    till = now + twin_ms
  end
  local members = redis.call('SMEMBERS', P .. 'family:' .. family)
  table.sort(members)
  for _, id in ipairs(members) do
    if redis.call('ZSCORE', P .. 'ready:' .. lane, id) then
      not_ready(id, lane)
      redis.call('HSET', P .. 'job:' .. id, 'run_after', string.format('%.0f', till))
      redis.call('ZADD', P .. 'due', till, id)
      held[#held + 1] = {id = id, till = till}
    end
  end
  return true
end

local function take(id, lane, merge, longest)
  local job = start(id, '', longest)
  job.lane, job.longest, job.merged = lane, longest == '1', {}
  if merge ~= '' then
    local family = redis.call('SMEMBERS', P .. 'family:' .. lane .. '|' .. merge)
    table.sort(family)
    for _, other in ipairs(family) do
      local had = fields(other, 'status', 'waits')
      if had[1] == 'pending' and had[2] == '' and not left_by_us(other) then
        job.merged[#job.merged + 1] = start(other, id, '')
      end
    end
  end
  return job
end

local jobs = {}
while #jobs < limit do
  local longest = (turn + #jobs) % out_of_turn == out_of_turn - 1
  local head, lane = first(longest)
  if not head then
    break
  end
  heads[lane] = nil
  local merge = fields(head.id, 'merge')[1]
  if merge == '' or not hold(lane, merge) then
    local job = take(head.id, lane, merge, longest and '1' or '')
    job.probe = probing[lane] or false
    jobs[#jobs + 1] = job
    free[lane] = probing[lane] and 0 or free[lane] - 1
  end
end

local next_due
for _, name in ipairs({'due', 'expiry'}) do
  local soonest = redis.call('ZRANGE', P .. name, 0, 0, 'WITHSCORES')
  if soonest[2] and (not next_due or tonumber(soonest[2]) < next_due) then
    next_due = tonumber(soonest[2])
  end
end
return cjson.encode({jobs = jobs, held = held, expired = expired, next_due = next_due or false})
