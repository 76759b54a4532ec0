# Functions for the disaster drills of deploy/README.md. Read it into a shell, in an empty folder:
#   . /opt/hookline/deploy/docs/drills/kit.sh
# Needs bash, curl, and on the PATH hookline and the programs of Valkey. Everything runs on this
# machine, on the ports below, keeps its data in this folder, and is gone after `down`.

: "${STORE_PORT:=6479}" "${OTHER_PORT:=6480}" "${WEB_PORT:=8797}" "${CRM_PORT:=8798}"
kit=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export HOOKLINE_CONFIG=$kit/hookline.yaml CRM_TOKEN_FILE=$PWD/token
export SANDBOX_URL=http://127.0.0.1:$CRM_PORT REDIS_URL=redis://127.0.0.1:$STORE_PORT/0
WEB_URL=http://127.0.0.1:$WEB_PORT
store='' other='' sandbox='' worker='' web=''

soon() {  # COMMAND…: wait until it succeeds, up to five minutes
  local end=$((SECONDS + 300))
  until "$@" >soon.log 2>&1; do
    if [ $SECONDS -ge $end ]; then echo "did not happen: $*"; cat soon.log; return 1; fi
    sleep 0.2
  done
}

pong() { valkey-cli -p "$1" ping | grep PONG; }  # it says LOADING while it reads its file

serve_store() {  # FOLDER PORT [OPTION…]: start a store; its process is $started
  mkdir -p "$1"
  valkey-server --dir "$PWD/$1" --port "$2" --bind 127.0.0.1 --appendonly yes --aof-use-rdb-preamble no \
    --save '' --maxmemory-policy noeviction "${@:3}" >>"$1.log" 2>&1 &
  started=$!
  soon pong "$2"
}

start_store() { serve_store store "$STORE_PORT" && store=$started; }

start_sandbox() {
  hookline sandbox --port "$CRM_PORT" --data "$PWD/crm.sqlite" >>sandbox.log 2>&1 &
  sandbox=$!
  soon curl -sf "$SANDBOX_URL/_sandbox/ready"
}

start_worker() { hookline worker --threads 2 >>worker.log 2>&1 & worker=$!; }

start_web() { hookline web --port "$WEB_PORT" --workers 1 --no-admin >>web.log 2>&1 & web=$!; }

up() {  # start everything
  echo first >token
  start_store && start_sandbox && hookline provision && start_worker && start_web
  soon curl -sf "$WEB_URL/readyz"
}

whole() { echo "$1" && pgrep -P "$1"; }  # a process, and those that it started

down() {  # end everything
  kill -CONT $store 2>/dev/null || true
  kill $web $worker $sandbox $store $other 2>/dev/null || true  # but for those that are dead
  wait
}

post() {  # FROM TO [CURL OPTION…]: send events, each once; print how often which answer came
  seq "$1" "$2" | xargs -I N -P 4 curl -s -o /dev/null -w '%{http_code}\n' -m 20 "${@:3}" \
    -H 'Content-Type: application/json' "$WEB_URL/hooks/drill?token=drill" \
    -d '{"id": "event-N", "email": "person-N@drill.example", "message": "note-N"}' \
    | sort | uniq -c | sed 's/^ *//'
}

load() {  # FROM TO: send events as senders do: again and again until each is accepted
  post "$1" "$2" --fail --retry 100 --retry-all-errors --retry-delay 1 --retry-max-time 100
}

waiting() { curl -s "$WEB_URL/readyz" | grep -o '"waiting": *[0-9]*' | grep -o '[0-9]*'; }

settled() { soon curl -sf "$WEB_URL/readyz" && soon none_waits; }

none_waits() { test "$(waiting)" = 0; }

audit() {  # TO: once all are settled, is each of the events 1 to TO one note in the CRM?
  settled
  hookline crm list notes -P hs_note_body -n 10000 | grep -o 'note-[0-9]*' | sort >notes.txt
  seq -f 'note-%.0f' "$1" | sort >sent.txt
  echo "$1 sent, $(comm -23 sent.txt <(sort -u notes.txt) | wc -l) lost," \
    "$(uniq -d notes.txt | wc -l) doubled"
}

shut() { curl -s "$WEB_URL/metrics" | grep "portal_paused.*\"$1\"} 1"; }

go() {  # let the writing to the portal go on, by the API
  curl -sf -o go.log -X POST "$WEB_URL/api/v1/portals/sandbox/go" \
    -H "Authorization: Bearer $(hookline token new drill --role operator)"
}

used() { valkey-cli -p "$STORE_PORT" info memory | grep -o '^used_memory:[0-9]*' | cut -d: -f2; }

refused() {  # is the door shut? each time it is another event that is tried, from 1,000 on
  tried=$((${tried:-999} + 1))
  post $tried $tried | grep 503
}

poison() {  # send an event that the CRM will refuse; print the answer
  curl -s -o /dev/null -w '%{http_code}\n' -H 'Content-Type: application/json' \
    "$WEB_URL/hooks/drill?token=drill" \
    -d '{"id": "poison", "email": "no address", "message": "poison"}'
}

linked() { valkey-cli -p "$OTHER_PORT" info replication | grep master_link_status:up; }
