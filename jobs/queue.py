"""The queue of fits on Redis or Valkey, one queue per kind of device."""

import contextlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue
from rq import Worker as RqWorker
from rq.command import send_stop_job_command
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from mmm_core.domain.errors import Unavailable
from mmm_core.domain.identity import Actor

TASK = "jobs.tasks.run_fit"
STUDY_TASK = "jobs.tasks.run_study"
WORKFLOW_TASK = "jobs.workflow_task.run_workflow"
WORKFLOWS = "workflows"
DEVICES = ("cpu", "gpu")
DAY = 86_400
WORKER_SILENT_AFTER = timedelta(seconds=100)
"""A worker that has not been heard of for so long is not counted."""


def queue_name(device: str) -> str:
    return f"fits-{device}"


def queue_names(devices: Sequence[str]) -> list[str]:
    """What a worker listens to, in order: the seconds of a workflow first, and a fit always before a study."""
    return [WORKFLOWS, *(f"{kind}-{device}" for kind in ("fits", "studies") for device in devices)]


def connect(url: str) -> redis.Redis:
    """A client that gives up after seconds: a click must not wait for a server that is gone."""
    return redis.Redis.from_url(
        url,
        socket_connect_timeout=2,
        socket_timeout=5,
        health_check_interval=30,
        retry=Retry(NoBackoff(), 1),
        retry_on_error=[redis.ConnectionError, redis.TimeoutError],
    )


class RqFitQueue:
    """Hands runs to workers by id alone; nothing but ids and the task's name is ever in Redis, as JSON."""

    def __init__(self, connection: redis.Redis) -> None:
        self._connection = connection

    def submit(self, actor: Actor, run_id: str, device: str) -> str:
        with _reachable():
            return self._enqueue(self._queue(self._device(device)), TASK, actor, run_id)

    def submit_study(self, actor: Actor, study_id: str, device: str) -> str:
        with _reachable():
            name = f"studies-{self._device(device)}"
            queue = Queue(name, connection=self._connection, serializer=JSONSerializer)
            return self._enqueue(queue, STUDY_TASK, actor, study_id)

    def submit_workflow(self, actor: Actor, workflow_id: str) -> str:
        with _reachable():
            return self._enqueue(self._workflows(), WORKFLOW_TASK, actor, workflow_id)

    def fits_wait(self, device: str) -> bool:
        with _reachable():
            return len(self._workflows()) > 0 or len(self._queue(self._device(device))) > 0

    def _enqueue(self, queue: Queue, task: str, actor: Actor, subject: str) -> str:
        job = queue.enqueue_call(
            task,
            args=(actor.organisation_id, actor.user_id, subject),
            timeout=DAY,
            result_ttl=DAY,
            failure_ttl=7 * DAY,
            description=f"{task.rpartition('_')[2]} {subject}",
        )
        return str(job.id)

    def stop(self, job_id: str) -> None:
        """Take a waiting job off the queue, or kill a running one; nothing to do for one that has ended."""
        with _reachable(), contextlib.suppress(NoSuchJobError, InvalidJobOperation):
            job = self._job(job_id)
            if job.get_status() == JobStatus.STARTED:
                send_stop_job_command(self._connection, job_id, serializer=JSONSerializer)
            else:
                job.cancel()

    def position(self, job_id: str) -> int | None:
        with _reachable():
            try:
                origin = self._job(job_id).origin
            except NoSuchJobError:
                return None
            position = Queue(origin, connection=self._connection, serializer=JSONSerializer).get_job_position(job_id)
            return None if position is None else int(position)

    def workers(self) -> int:
        with _reachable():
            return sum(_alive(w) for w in {w.name: w for d in DEVICES for w in self._workers(d)}.values())

    def holds(self, job_id: str | None) -> bool:
        """Whether the job still waits or runs, as far as the queue knows."""
        if job_id is None:
            return False
        with _reachable():
            try:
                status = self._job(job_id).get_status()
            except (NoSuchJobError, InvalidJobOperation):
                return False
            if status == JobStatus.QUEUED:
                return self.position(job_id) is not None
            return bool(status == JobStatus.STARTED)

    def claim(self, run_id: str) -> bool:
        """Whether this caller alone may put the run back in the next half minute."""
        with _reachable():
            return bool(self._connection.set(f"carryover:claim:{run_id}", "1", nx=True, ex=30))

    def forget(self, job_id: str) -> None:
        """Delete a job that was lost, so that it can never run beside the one that takes its place."""
        with _reachable(), contextlib.suppress(NoSuchJobError):
            self._job(job_id).delete()

    def _queue(self, device: str) -> Queue:
        return Queue(queue_name(device), connection=self._connection, serializer=JSONSerializer)

    def _workflows(self) -> Queue:
        return Queue(WORKFLOWS, connection=self._connection, serializer=JSONSerializer)

    def _job(self, job_id: str) -> Job:
        return Job.fetch(job_id, connection=self._connection, serializer=JSONSerializer)

    def _workers(self, device: str) -> list[RqWorker]:
        return list(RqWorker.all(queue=self._queue(device), serializer=JSONSerializer))

    def _device(self, wanted: str) -> str:
        if wanted in DEVICES:
            return wanted
        return "gpu" if any(_alive(w) for w in self._workers("gpu")) else "cpu"


def _alive(worker: RqWorker) -> bool:
    heard = worker.last_heartbeat
    return heard is not None and datetime.now(UTC) - heard.replace(tzinfo=UTC) < WORKER_SILENT_AFTER


@contextlib.contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except (redis.ConnectionError, redis.TimeoutError):
        raise Unavailable("The queue cannot be reached at the moment; try again in a minute.") from None
    except redis.RedisError as error:
        # A full disk or an exhausted memory limit makes the server refuse writes.
        raise Unavailable(f"The queue refuses work at the moment ({str(error)[:120]}).") from error
