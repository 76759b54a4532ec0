"""What the words in the documentation's commands stand for, and which commands are not run here."""

# Not run here, and why. What is listed and no longer written anywhere fails the test as well.
NOT_RUN = {
    "make demo": "is a step of .ci/run",
    "make test": "is a step of .ci/run",
    "make lint": "is a step of .ci/run",
    ".ci/debian": "is a step of .ci/run",
    ".ci/run": "runs these tests",
    "make bench": "takes minutes; tests/bench has tests of its own",
    "python -m tests.bench NAME --long": "takes minutes",
    "python -m tests.bench growth": "takes minutes",
    "python -m tests.bench growth --record": "takes minutes",
    "python -m tests.bench model": "is what tests/bench/test_model.py calls",
    "python -m tests.bench replication": "takes a minute",
    "make chaos": "takes minutes; tests/chaos runs the same",
    "make chaos ROUNDS=60 SEED=7": "takes minutes; tests/chaos runs 20 rounds",
    "make soak": "takes half an hour; .ci/run has three minutes of it",
    "make soak MINUTES=30 SEED=30": "takes half an hour; .ci/run has three minutes of it",
    "make test T=tests/workers/store": "is a part of `make test`",
    "make golden": "writes to the tree; tests/sources compares what it writes",
    "make lock": "asks the package registry",
    "make audit": "asks an advisory service; is a step of .ci/run",
    "docker build": "needs a Docker daemon",
    "docker compose up": "needs a Docker daemon",
    "kubectl apply": "needs a cluster",
    "nginx -t": "is what tests/deploy/test_validators_proxy.py calls",
    "systemctl enable --now hookline-store hookline-web hookline-worker": "needs systemd as init",
    "systemd-analyze verify": "is what tests/deploy/test_validators.py calls",
    "valkey-cli bgrewriteaof": "is for the machine of a replica",
    "kill -TERM": "is what tests/deploy/test_rolling.py does to each process",
    "valkey-cli -h new -p 6379 replicaof old 6379": "is done in the drill of a lost region",
    "valkey-cli -h new -p 6379 replicaof no one": "is done in the drill of a lost region",
}

# Started by `make run`, which is how the system that all others meet is started: the command, and
# what the process's own command line has.
RUNNING = {
    "make run": "app.cli",
    "hookline run": "run --data",
    "hookline web": "cli web",
    "hookline worker": "cli worker",
    "hookline sandbox": "app.sandbox",
}

# What words stand for in every command that has them: a value, or {the name of a found one}.
WORDS = {
    "EMAIL": "gone@acme.example",
    "ENDPOINT": "shop",
    "FILE": "past.jsonl",
    "ID": "{done}",
    "LABEL": "grafana",
    "PORTAL": "emea",
    "QUEUE": "orders",
    "RECORD_ID": "1234",
    "TOKEN_ID": "{token}",
    "URL": "{queue}",
    "USER": "eva",
    "amqp://user:password@host/vhost": "{queue}",
    "8787": "{web}",
    "/var/lib/hookline-store": ".hookline/store",
    "/backup": "backup",
    "/srv/empty": "empty",
    "6390": "{free port}",
}

# And in one command alone.
OF_ONE = {
    "hookline plan FILE": {"FILE": "stripe/invoice.paid"},
    "hookline rehearse --mapping FILE --since 7d": {"FILE": "mappings/shop.yaml"},
    "hookline check --portal NAME": {"NAME": "acme"},
    "hookline consume URL QUEUE --endpoint NAME": {"NAME": "shop"},
    "hookline backfill FILE --endpoint NAME": {"NAME": "shop"},
    "hookline replay ID…": {"ID…": "{dead}"},
    "hookline events resolve ID": {"ID": "{another unknown}"},
    "hookline events resolve ID --made RECORD_ID": {"ID": "{unknown}"},
    "hookline sandbox --port 8788 --tier professional --seed 1": {"8788": "{free port}"},
    "hookline user add NAME": {"NAME": "ida"},
    "hookline user add NAME --role viewer": {"NAME": "ida-v"},
    "hookline user add NAME --role operator": {"NAME": "ida-o"},
    "hookline user add NAME --role admin": {"NAME": "ida-a"},
    "hookline new source NAME": {"NAME": "till"},
}

# What is put behind a command, and why.
MORE = {
    "hookline forget": "--help",  # the verb is named alone
    "hookline plan FILE": "--source stripe",  # the sample is of a source, for no endpoint
    "hookline send stripe/invoice.paid": "--url http://127.0.0.1:{web}",  # another port
    "hookline consume URL QUEUE --endpoint NAME": "--until-empty",  # so that it ends
    "hookline consume 'amqp://user:password@host/vhost' orders --endpoint shop": "--until-empty",
    "hookline blame contacts zoe@acme.example": "--portal sandbox",  # there are several
    "hookline provision": "acme",  # the portal without our property is to stay so
    "hookline forget EMAIL": "--yes --portal acme",  # nobody is there to be asked
    "hookline events resolve ID": "--again",  # one of the two must be said
    "hookline web --workers 4": "--port {free port}",  # that one is in use
    "hookline new source shop": "--folder elsewhere",  # that one is there
}

# Serve until they are stopped: the command, and where they answer.
SERVES = {
    "hookline sandbox --port 8788 --tier professional --seed 1": (
        "http://127.0.0.1:{free port}/_sandbox/ready"
    ),
    "hookline web --workers 4": "http://127.0.0.1:{free port}/healthz",
}
