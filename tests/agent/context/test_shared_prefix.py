"""Requests that share a prefix: one ahead, the others when it is cached, and none held for good."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.context.shared_prefix import LIFETIME, SharedPrefixes


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@given(st.lists(st.sampled_from(["begins", "fails", "repeats", "cancelled"]), max_size=8))
@settings(deadline=None)
def test_whatever_becomes_of_a_request_the_others_go(fates):
    asyncio.run(_go(fates))


async def _go(fates):
    shared = SharedPrefixes(Clock())
    on_the_way, most, began = [], [], []

    async def request(fate):
        async with shared.going("key") as going:
            on_the_way.append(fate)
            if not began:
                most.append(len(on_the_way))
            await asyncio.sleep(0)
            match fate:
                case "begins":
                    began.append(fate)
                    going.began()
                    await asyncio.sleep(0)
                case "repeats":
                    on_the_way.remove(fate)
                    going.passed_on()
                    await asyncio.sleep(0)
                    began.append(fate)
                    going.began()
                    return
                case "fails":
                    on_the_way.remove(fate)
                    raise ConnectionError
                case _:
                    on_the_way.remove(fate)
                    raise asyncio.CancelledError
            on_the_way.remove(fate)

    async with asyncio.timeout(5):
        ended = await asyncio.gather(*map(request, fates), return_exceptions=True)
    assert len(ended) == len(fates)
    assert max(most, default=1) == 1, "until one answer began, one is on the way at a time"


async def test_one_that_waits_can_be_interrupted_and_a_cached_prefix_holds_nobody():
    clock = Clock()
    shared = SharedPrefixes(clock)
    async with shared.going("a") as ahead:
        waits = asyncio.create_task(_pass(shared, "a"))
        other = asyncio.create_task(_pass(shared, "b"))
        await other
        await asyncio.sleep(0)
        assert not waits.done()
        waits.cancel()
        await asyncio.wait({waits})
        assert waits.cancelled()
        waits = asyncio.create_task(_pass(shared, "a"))
        ahead.began()
        await waits
        await _pass(shared, "a")
    clock.now = LIFETIME
    async with shared.going("a"):
        waits = asyncio.create_task(_pass(shared, "a"))
        await asyncio.sleep(0)
        assert not waits.done(), "it may not be cached any more"
    await waits


async def _pass(shared, key):
    async with shared.going(key):
        pass
