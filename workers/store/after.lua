#!lua flags=no-writes
-- after(KEYS = [list], ARGV = [count, score, ties, member]) -> [member, score, …], the highest first
--
-- KEYS[1]   sorted set: events by a time; those of one time by their names
--
-- Without a score the list is read from its beginning, else from behind a place in it: of those with
-- that very score, `ties` says whether all are still to come, none, or those behind `member`.
--
-- A script because members come and go between the asking for a rank and the reading from there.
local list, count = KEYS[1], tonumber(ARGV[1])
local start = 0
if ARGV[2] ~= "" then
  local score = ARGV[2]
  if ARGV[3] == "all" then
    start = redis.call("ZCOUNT", list, "(" .. score, "+inf")
  elseif ARGV[3] == "none" then
    start = redis.call("ZCOUNT", list, score, "+inf")
  elseif redis.call("ZSCORE", list, ARGV[4]) == score then
    start = redis.call("ZREVRANK", list, ARGV[4]) + 1
  else  -- it went meanwhile: look for its place among those of the same moment
    local low = redis.call("ZCOUNT", list, "(" .. score, "+inf")
    local high = redis.call("ZCOUNT", list, score, "+inf")
    while low < high do
      local middle = math.floor((low + high) / 2)
      if redis.call("ZREVRANGE", list, middle, middle)[1] < ARGV[4] then
        high = middle
      else
        low = middle + 1
      end
    end
    start = low
  end
end
return redis.call("ZREVRANGE", list, start, start + count - 1, "WITHSCORES")
