-- What every script begins with: how a job lies in Redis. KEYS[1] is the start of all key names, ids are
-- written with 16 digits so that they sort as numbers do.
--   job:<id>       hash: lane, priority, run_after, expires, merge, waits, left, dedupe, runs, rev, status,
--                  starts, and of a running one worker, started, updated, lease, leader, longest, cancel,
--                  progress, seized (it is only being ended), mark (the database must know at once)
--   ready:<lane>   due jobs by priority and due time     wait:<lane>   the same by due time alone
--   due            waiting jobs by the time they get due expiry        waiting jobs by the time they expire
--   running        what runs                             busy:<lane>   what runs there, merged ones not counted
--   family:<lane>|<merge key>   jobs that may go as one  going:<lane>|<merge key>   those of them that run
--   here           a mark that says all of this is there, and by which each process sees that it was removed
local P = KEYS[1]
local PRIORITY = 4398046511104 -- 2^42, more than the milliseconds of any due time

local function fields(id, ...)
  return redis.call('HMGET', P .. 'job:' .. id, ...)
end

local function server_ms()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local function ready(id, lane, priority, run_after)
  local due = math.max(0, math.min(tonumber(run_after), PRIORITY - 1))
  redis.call('ZADD', P .. 'ready:' .. lane, tonumber(priority) * PRIORITY + due, id)
  redis.call('ZADD', P .. 'wait:' .. lane, due, id)
end

local function not_ready(id, lane)
  redis.call('ZREM', P .. 'ready:' .. lane, id)
  redis.call('ZREM', P .. 'wait:' .. lane, id)
end

local function stop_waiting(id, lane)
  not_ready(id, lane)
  redis.call('ZREM', P .. 'due', id)
  redis.call('ZREM', P .. 'expiry', id)
end

local function stop_running(id, lane, merge)
  redis.call('SREM', P .. 'running', id)
  redis.call('SREM', P .. 'busy:' .. lane, id)
  if merge ~= '' then
    redis.call('SREM', P .. 'going:' .. lane .. '|' .. merge, id)
  end
end

local function run(id, lane, merge, leader)
  stop_waiting(id, lane)
  redis.call('SADD', P .. 'running', id)
  if leader == '' then
    redis.call('SADD', P .. 'busy:' .. lane, id)
  end
  if merge ~= '' then
    redis.call('SADD', P .. 'going:' .. lane .. '|' .. merge, id)
  end
end

local function remove(id)
  local had = fields(id, 'lane', 'merge')
  if had[1] then
    stop_waiting(id, had[1])
    stop_running(id, had[1], had[2])
    if had[2] ~= '' then
      redis.call('SREM', P .. 'family:' .. had[1] .. '|' .. had[2], id)
    end
    redis.call('DEL', P .. 'job:' .. id)
  end
end

-- Let a job that was taken, and did not run, wait as it did before.
local function wait_again(id)
  local had = fields(id, 'lane', 'merge', 'run_after', 'expires', 'starts', 'seized')
  stop_running(id, had[1], had[2])
  local starts = tonumber(had[5])
  if had[6] ~= '1' then
    starts = math.max(0, starts - 1)
  end
  redis.call('HSET', P .. 'job:' .. id, 'status', 'pending', 'starts', starts, 'seized', '', 'worker', '')
  redis.call('ZADD', P .. 'due', had[3], id)
  if had[4] ~= '' then
    redis.call('ZADD', P .. 'expiry', had[4], id)
  end
end
