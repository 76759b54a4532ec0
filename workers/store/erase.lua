-- erase(KEYS = [fence, stream, counts, retry, dead, unknown, like dead, like unknown, groups, verdict,
--               kept], ARGV = [number, event, entry, open, group])
--   -> 1 if anything was there, 0 if nothing was, -1 if a newer holder owns the portal
--
-- hl:{portal}:events:LANE     stream: the event's entry goes
-- hl:{portal}:counts          hash: what waited, was dead or unknown is "erased" from now on
-- hl:{portal}:retry, dead, unknown, like:STATE:H   sorted sets: the event's name goes
-- hl:{portal}:groups          hash: the group's words go with its last event
-- hl:{portal}:verdict:EVENT, kept:EVENT   where it stands, and its body: they go
--
-- A script because an event must not be found in one place when it has gone from another. `open` is
-- 1 for an event that no writer has looked at yet: it waits, and has no name in any list.
if redis.call("GET", KEYS[1]) ~= ARGV[1] then
  return -1
end
local event, counts = ARGV[2], KEYS[3]
local from = ""
for place, state in ipairs({"waiting", "dead", "unknown"}) do
  if redis.call("ZREM", KEYS[3 + place], event) == 1 then
    from = state
  end
end
redis.call("XACK", KEYS[2], "writer", ARGV[3])
local gone = redis.call("XDEL", KEYS[2], ARGV[3])
if from == "" and ARGV[4] == "1" and gone == 1 then
  from = "waiting"
end
if from ~= "" then
  redis.call("HINCRBY", counts, from, -1)
  redis.call("HINCRBY", counts, "erased", 1)
end
if ARGV[5] ~= "" then
  local left = 0
  for place = 7, 8 do
    redis.call("ZREM", KEYS[place], event)
    left = left + redis.call("ZCARD", KEYS[place])
  end
  if left == 0 then
    redis.call("HDEL", KEYS[9], ARGV[5])
  end
end
return math.max(gone, redis.call("DEL", KEYS[10], KEYS[11]) > 0 and 1 or 0)
