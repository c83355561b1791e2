-- Note that a person wants a running job cancelled; 0 where it does not run. ARGV[1]: id.
if fields(ARGV[1], 'status')[1] ~= 'processing' then
  return 0
end
redis.call('HSET', P .. 'job:' .. ARGV[1], 'cancel', '1')
return 1
