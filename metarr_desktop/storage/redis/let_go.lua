-- Let jobs that were taken, and did not run, wait as before. ARGV: worker, their ids as JSON.
for _, id in ipairs(cjson.decode(ARGV[2])) do
  local had = fields(id, 'status', 'worker')
  if had[1] == 'processing' and had[2] == ARGV[1] then
    wait_again(id)
  end
end
return 1
