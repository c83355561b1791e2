-- Hold jobs for another lease. ARGV: worker, lease in ms, ids as JSON, the mark this process knows. Returns,
-- for each, "lost", "cancelled" where a person wants it cancelled, or "held".
if redis.call('GET', P .. 'here') ~= ARGV[4] then
  return redis.error_reply('ERR somebody removed what the queue had there')
end
local lease, found = server_ms() + tonumber(ARGV[2]), {}
for at, id in ipairs(cjson.decode(ARGV[3])) do
  local had = fields(id, 'status', 'worker', 'cancel')
  if had[1] == 'processing' and had[2] == ARGV[1] then
    redis.call('HSET', P .. 'job:' .. id, 'lease', lease)
    found[at] = had[3] == '1' and 'cancelled' or 'held'
  else
    found[at] = 'lost'
  end
end
return found
