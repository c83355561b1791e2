-- Everything that runs, as JSON; "held" tells whether its lease lasts, by this server's clock.
local clock, found = server_ms(), {}
for at, id in ipairs(redis.call('SMEMBERS', P .. 'running')) do
  local had = fields(id, 'runs', 'starts', 'worker', 'started', 'leader', 'longest', 'progress', 'lease', 'seized',
    'updated')
  found[at] = {id = id, runs = had[1], starts = had[2], worker = had[3], started = had[4], leader = had[5],
    longest = had[6] == '1', progress = had[7], held = tonumber(had[8]) >= clock, seized = had[9] == '1',
    updated = had[10]}
end
return cjson.encode(found)
