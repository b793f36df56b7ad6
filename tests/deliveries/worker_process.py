"""A worker that a test kills: `python -m tests.deliveries.worker_process DATABASE PARTNER RECOVERY TIMEOUT`."""

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

from app.core.db import Database
from app.deliveries.dispatcher import Dispatcher, DispatchOptions
from app.deliveries.ports import Registry
from app.deliveries.rules import Recovery
from tests.conftest import settings_for
from tests.deliveries.factories import PartnerAdapter, Things


async def main(address: str, partner: str, recovery: str, seconds: str) -> None:
    """Dispatch until killed."""
    database = Database(settings_for(address, Path()))
    registry = Registry({"partner": PartnerAdapter(partner, Recovery(recovery))}, {"thing": Things()})
    options = DispatchOptions(timedelta(seconds=float(seconds)), first_pause=timedelta(seconds=0.1))
    await Dispatcher(database, registry, options).run(asyncio.Event(), 0.1)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
