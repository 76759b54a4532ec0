-- accept(KEYS = [stream, counts, bell, lanes, measures, seen…], ARGV = [dedupe_ms, max_waiting, bell_ms, lane, (meta, body)…])
--   -> [ring, id, is_new, id, is_new, …], or ["full", waiting] and nothing is kept
--
-- hl:{portal}:events:LANE  stream: one entry an event; trimmed when old and handled
-- hl:{portal}:counts   hash: waiting, accepted, and one for each final state; never expires
-- hl:{portal}:bell     string: set while a drain is on its way; expires, so that a lost one heals
-- hl:{portal}:lanes    set: the endpoints that ever had an event; never expires
-- hl:{portal}:measures hash: see measure.lua; counted here, since here it is known
-- hl:{portal}:seen:H   string: the id given to the event of this hash, and what the lane's name has
--                      after the endpoint's ("~backfill"); lives for the dedupe window
--
-- A script because "not seen" and "kept" must be one step, for all events of a delivery together.
local first_seen = 6
local mark = string.match(ARGV[4], "~.*") or ""
local fresh = 0
for i = first_seen, #KEYS do
  if redis.call("EXISTS", KEYS[i]) == 0 then
    fresh = fresh + 1
  end
end
local waiting = tonumber(redis.call("HGET", KEYS[2], "waiting") or "0")
if fresh > 0 and waiting + fresh > tonumber(ARGV[2]) then
  return {"full", waiting}
end
local reply = {0}
local kept = 0
local duplicates = 0
for i = first_seen, #KEYS do
  local known = redis.call("GET", KEYS[i])
  if known then
    reply[#reply + 1] = known
    reply[#reply + 1] = 0
    duplicates = duplicates + 1
  else
    local at = 5 + (i - first_seen) * 2
    local id = redis.call("XADD", KEYS[1], "*", "m", ARGV[at], "b", ARGV[at + 1]) .. mark
    redis.call("SET", KEYS[i], id, "PX", ARGV[1])
    reply[#reply + 1] = id
    reply[#reply + 1] = 1
    kept = kept + 1
  end
end
if kept > 0 then
  redis.call("SADD", KEYS[4], ARGV[4])
  redis.call("HINCRBY", KEYS[2], "waiting", kept)
  redis.call("HINCRBY", KEYS[2], "accepted", kept)
  redis.call("HINCRBY", KEYS[5], "events_accepted\31" .. ARGV[4], kept)
  if redis.call("SET", KEYS[3], "1", "NX", "PX", ARGV[3]) then
    reply[1] = 1
  end
end
if duplicates > 0 then
  redis.call("HINCRBY", KEYS[5], "events_duplicate\31" .. ARGV[4], duplicates)
end
return reply
