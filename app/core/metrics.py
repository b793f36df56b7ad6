"""Prometheus metrics of one application instance. Labels are route templates, never values."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Metrics:
    """The metrics of one application, in its own registry, so that tests can create many applications."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "http_requests", "Requests by route", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "http_request_seconds", "Response time by route", ["method", "route"], registry=self.registry
        )
        self.at_work = Gauge("http_requests_at_work", "Requests in progress", registry=self.registry)
        self.outbox_depth = Gauge("outbox_depth", "Events waiting to be relayed", registry=self.registry)
        self.outbox_parked = Gauge("outbox_parked", "Events that failed for good", registry=self.registry)
