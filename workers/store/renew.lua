#!lua flags=allow-oom
-- renew(KEYS = [lease], ARGV = [owner, ms]) -> 1 if the lease was still the owner's, else 0
--
-- hl:{portal}:lease   string: the owner; expires with the lease
--
-- A script because "still mine" and "for longer" must be one step.
if redis.call("GET", KEYS[1]) == ARGV[1] then
  return redis.call("PEXPIRE", KEYS[1], ARGV[2])
end
return 0
