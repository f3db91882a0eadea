"""How marking grows with workers: a simulation, calibrated by measured service times. Nothing is marked here.

    python benchmarks/growth.py                                  # 1, 2, 4, 8, … 1,000 workers
    python benchmarks/growth.py --worker 1.1 --batch 0.004 --each 0.0004

A discrete-event model. Each worker examines one submission at a time; its time is drawn from an exponential
distribution around --worker, cut off at a third of it. The one process that records is busy for --client with
each submission (it reads, sends and checks) and with transactions: each takes --batch, and --each for every
result in it; it begins two seconds after the first of them has come, or with the 32nd.

Measure on your machine: `writer.py` says what a worker needs, `writer_alone.py` what a transaction takes.
--client is assumed. Network and disks are taken to keep up; memory bandwidth is not modelled.
"""

from __future__ import annotations

import argparse
import heapq
import random
from collections import deque
from dataclasses import dataclass, field

MOST_TOGETHER = 32
LONGEST_WAIT = 2.0


@dataclass
class Times:
    """Seconds."""

    worker: float
    client: float
    batch: float
    each: float


@dataclass
class Run:
    """A class of submissions, marked by so many workers."""

    workers: int
    submissions: int
    times: Times
    free: float = 0.0
    """When the process that records has time again."""
    client_busy: float = 0.0
    writer_busy: float = 0.0
    waiting: deque[float] = field(default_factory=deque)
    """When the results came that are not recorded."""

    def simulate(self) -> float:
        """Seconds until everything is recorded."""
        draw, least = random.Random(1).expovariate, self.times.worker / 3
        ends: list[float] = []
        now, sent = 0.0, 0
        while ends or not sent:
            if ends:
                now = heapq.heappop(ends)
                self.waiting.append(now)
            self.record(now)
            for _ in range(1 if sent else self.workers):
                if sent < self.submissions:
                    sent += 1
                    self.free = max(now, self.free) + self.times.client
                    self.client_busy += self.times.client
                    heapq.heappush(ends, self.free + least + draw(1 / (self.times.worker - least)))
        self.record(float("inf"))
        return self.free

    def record(self, now: float) -> None:
        """The transactions that are due."""
        while self.waiting:
            due = self.waiting[0] + LONGEST_WAIT
            if len(self.waiting) >= MOST_TOGETHER:
                due = min(due, self.waiting[MOST_TOGETHER - 1])
            if max(due, self.free) > now:
                return
            begin, count = max(due, self.free), 0
            while self.waiting and self.waiting[0] <= begin and count < MOST_TOGETHER:
                self.waiting.popleft()
                count += 1
            taken = self.times.batch + self.times.each * count
            self.free = begin + taken
            self.writer_busy += taken


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--worker", type=float, default=0.14, help="seconds for one submission (04: 0.14)")
    parser.add_argument("--client", type=float, default=0.001, help="seconds for one to read, send, check")
    parser.add_argument("--batch", type=float, default=0.0045, help="seconds of a transaction")
    parser.add_argument("--each", type=float, default=0.0004, help="seconds more for each result in it")
    parser.add_argument("--most", type=int, default=1_000_000, help="submissions of the largest run")
    given = parser.parse_args()
    times = Times(given.worker, given.client, given.batch, given.each)
    print(f"A model: {times}.")
    print("  workers  submissions     hours  ratio to 1  efficiency  client  writer  busiest")
    one = 0.0
    for workers in (1, 2, 4, 8, 16, 32, 64, 128, 256, 500, 1000):
        run = Run(workers, min(given.most, 1000 * workers), times)
        end = run.simulate()
        rate = run.submissions / end
        one = one or rate
        client, writer = run.client_busy / end, run.writer_busy / end
        busiest = "the process that records" if client + writer > 0.95 else "workers"
        print(
            f"  {workers:7,} {run.submissions:12,} {end / 3600:9.2f} {rate / one:11.1f}"
            f" {rate / one / workers:11.2f} {client:7.2f} {writer:7.2f}  {busiest}"
        )


if __name__ == "__main__":
    main()
