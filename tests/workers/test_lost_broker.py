"""A worker goes on after its broker was away, whatever it had in hand at that moment."""

from contextlib import closing

from workers.celery import DRAIN, QUEUE, Prompt, application


def test_what_is_in_hand_when_the_broker_is_lost_does_not_end_the_worker(redis_url: str) -> None:
    """It is in the middle of closing one connection when the next trouble closes it again."""
    app = application(redis_url)
    with closing(app.connection_for_read()) as connection:
        assert isinstance(connection, Prompt)
        app.send_task(DRAIN, args=["acme"], ignore_result=True)
        taken: list[object] = []
        consumer = app.amqp.TaskConsumer(connection.default_channel, on_message=taken.append)
        with consumer:
            connection.drain_events(timeout=10)
        assert len(taken) == 1
        assert consumer.queues[0].name == QUEUE
        connection.default_channel.connection.client = None  # its transport is closed already
        connection.default_channel._close_clients()
        connection.default_channel._pool = None
        connection.release()
    app.close()
