#!lua flags=allow-oom
-- release(KEYS = [lease, bell], ARGV = [owner, even_if_rung]) -> 1 if released, 0 if there is more to do
--
-- hl:{portal}:lease   string: the owner; expires with the lease
-- hl:{portal}:bell    string: rung since this holder last looked
--
-- A script because an event that arrives between "nothing left" and "let go" would wait for nobody.
if redis.call("GET", KEYS[1]) ~= ARGV[1] then
  return 1
end
if ARGV[2] == "0" and redis.call("EXISTS", KEYS[2]) == 1 then
  redis.call("DEL", KEYS[2])
  return 0
end
redis.call("DEL", KEYS[1])
return 1
