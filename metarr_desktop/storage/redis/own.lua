-- Number of the run of each job that is still the one it was read as, else "". ARGV[1]: the jobs as JSON.
local found = {}
for at, job in ipairs(cjson.decode(ARGV[1])) do
  local had = fields(job.id, 'status', 'worker', 'starts', 'started', 'runs')
  local same = had[1] == 'processing' and had[2] == job.worker and had[3] == job.starts
  found[at] = same and (job.started == '' or job.started == had[4]) and had[5] or ''
end
return found
