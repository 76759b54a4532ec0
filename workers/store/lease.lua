#!lua flags=allow-oom
-- lease(KEYS = [lease, fence, bell], ARGV = [owner, ms]) -> the fencing number, 0 if another holds it
--
-- hl:{portal}:lease   string: the owner; expires with the lease
-- hl:{portal}:fence   integer: one higher for each new holder; never expires
-- hl:{portal}:bell    string: taken down, since its holder looks for itself
--
-- A script because "mine already, or free" is a read and two writes.
local holder = redis.call("GET", KEYS[1])
if holder and holder ~= ARGV[1] then
  -- Nobody asks for so long: the store's clock was set back, and a dead holder's lease would last.
  if redis.call("PTTL", KEYS[1]) > 10 * tonumber(ARGV[2]) then
    redis.call("PEXPIRE", KEYS[1], ARGV[2])
  end
  return 0
end
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
redis.call("DEL", KEYS[3])
if holder then
  return tonumber(redis.call("GET", KEYS[2]))
end
return redis.call("INCR", KEYS[2])
