"""What all evidence together means: never idle in doubt, never idle while something waits."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.hosted.status import NOTHING, RESTING, SETTLING, Evidence, Kind, Source, fuse
from agent.protocol.agents import AgentState

NOW = 100.0
LIVE = [source for source in Source if source is not Source.PROCESS]

said = st.builds(
    lambda source, state, at, once, held: Evidence(
        source,
        state,
        float(at),
        Kind.PERMISSION if state is AgentState.WAITING else None,
        since=float(at - held),
        once=once,
    ),
    st.sampled_from(LIVE),
    st.sampled_from(list(AgentState)),
    st.integers(90, 100),
    st.booleans(),
    st.integers(0, 5),
)
evidence = st.lists(said, max_size=7)


def latest(all_of: list[Evidence]) -> list[Evidence]:
    return [
        each
        for each in all_of
        if each.at == max(other.at for other in all_of if other.source is each.source)
    ]


@settings(max_examples=120)
@given(evidence, st.randoms(use_true_random=False))
def test_the_order_in_which_it_is_given_means_nothing(found, random) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)
    assert fuse(found, NOW) == fuse(shuffled, NOW)


def test_two_of_one_grade_at_one_time_have_an_order() -> None:
    one = Evidence(Source.NOTIFICATION, AgentState.WORKING, 90.0, since=88.0, once=True)
    other = replace(one, source=Source.TITLE)
    assert fuse([one, other], NOW) == fuse([other, one], NOW)


@settings(max_examples=120)
@given(evidence)
def test_what_a_later_word_contradicts_is_never_idle(found) -> None:
    state = fuse(found, NOW)
    if state.state not in RESTING:
        return
    assert state.source is not None
    for each in latest(found):
        # Done and idle are two words for rest, and do not contradict each other.
        if each.state is AgentState.UNKNOWN or each.state in RESTING or each.once:
            continue
        # Whoever else claims something was overruled by a higher grade, later or as late.
        if each.source.grade < state.source.grade:
            assert each.at <= max(e.at for e in found if e.source is state.source)
        else:
            assert each.source.grade == state.source.grade
            assert each.state is not AgentState.WAITING


def test_done_and_idle_do_not_contradict_each_other() -> None:
    done = Evidence(Source.PROGRAM_STATUS, AgentState.DONE, 100.0)
    idle = Evidence(Source.SCREEN, AgentState.IDLE, 101.0)
    assert fuse([done, idle], 110.0).state is AgentState.DONE
    works = Evidence(Source.SCREEN, AgentState.WORKING, 101.0)
    assert fuse([done, works], 110.0).state is AgentState.UNKNOWN


@settings(max_examples=120)
@given(evidence, st.sampled_from([Source.HOOK, Source.PROGRAM_STATUS]))
def test_one_that_was_last_heard_to_wait_is_never_at_rest(found, source) -> None:
    waits = Evidence(source, AgentState.WAITING, 101.0, Kind.QUESTION)
    higher = [each for each in found if each.source.grade <= source.grade]
    assert fuse([*higher, waits], 102.0).state is AgentState.WAITING
    # Whatever is seen later on its screen, it is not at rest.
    for state in AgentState:
        later = Evidence(Source.SCREEN, state, 102.0, Kind.OTHER, since=102.0)
        for now in (102.0, 200.0):
            assert fuse([*higher, waits, later], now).state not in RESTING


@settings(max_examples=120)
@given(evidence)
def test_a_lower_grade_never_overrules_a_higher_that_spoke_later(found) -> None:
    lower = [each for each in found if each.source is not Source.HOOK]
    for state in (AgentState.WORKING, AgentState.IDLE, AgentState.WAITING, AgentState.FAILED):
        kind = Kind.LOGIN if state is AgentState.WAITING else None
        hook = Evidence(Source.HOOK, state, 101.0, kind)
        assert (fuse([*lower, hook], 102.0).state, fuse([*lower, hook], 102.0).source) == (
            state,
            Source.HOOK,
        )


def screen(state: AgentState, at: float, kind: Kind | None = None) -> Evidence:
    return Evidence(Source.SCREEN, state, at, kind)


def test_nothing_is_unknown_and_so_is_a_source_that_says_nothing() -> None:
    assert fuse([], NOW) == NOTHING
    found = fuse([Evidence(Source.SCREEN, AgentState.UNKNOWN, 90.0, detail="no rule")], NOW)
    assert (found.state, found.reason, found.age) == (AgentState.UNKNOWN, "no rule", 10.0)


def test_a_program_that_ended_is_done_whatever_was_said() -> None:
    ended = Evidence(Source.PROCESS, AgentState.FAILED, 95.0, detail="exit 2")
    found = fuse([ended, screen(AgentState.WORKING, 99.0)], NOW)
    assert (found.state, found.reason) == (AgentState.FAILED, "exit 2")


def test_programs_may_draw_a_moment_before_they_report() -> None:
    hook = Evidence(Source.HOOK, AgentState.WORKING, 99.0)
    idle = screen(AgentState.IDLE, 99.5)
    found = fuse([hook, idle], 99.8)
    assert found.state is AgentState.WORKING
    assert found.settles is not None
    assert abs(found.settles - (SETTLING - 0.3)) < 1e-6
    later = fuse([hook, idle], 99.5 + SETTLING)
    assert later.state is AgentState.UNKNOWN
    assert later.reason == "hook: working, but screen: idle"
    # A dialog is not waited for.
    found = fuse([hook, screen(AgentState.WAITING, 99.5, Kind.PERMISSION)], 99.6)
    assert found.state is AgentState.UNKNOWN


def test_a_notification_is_over_when_something_works_but_not_when_all_is_quiet() -> None:
    asked = Evidence(Source.NOTIFICATION, AgentState.WAITING, 90.0, Kind.QUESTION, once=True)
    assert fuse([asked], NOW).state is AgentState.WAITING
    assert fuse([asked, screen(AgentState.WORKING, 91.0)], NOW).state is AgentState.WORKING
    assert fuse([asked, screen(AgentState.IDLE, 91.0)], NOW).state is AgentState.UNKNOWN
    title = Evidence(Source.TITLE, AgentState.IDLE, 91.0)
    assert fuse([asked, title], NOW).state is AgentState.UNKNOWN
    allowed = Evidence(Source.HOOK, AgentState.WORKING, 90.0, once=True)
    assert fuse([allowed, screen(AgentState.IDLE, 91.0)], NOW).state is AgentState.IDLE
    # What is drawn between a dialog and the work that it allowed may look like rest.
    drawing = fuse([allowed, screen(AgentState.IDLE, 91.0)], 91.5)
    assert drawing.state is AgentState.WORKING
    assert drawing.settles is not None


def test_who_only_knows_that_it_waits_leaves_to_others_for_what() -> None:
    waits = Evidence(Source.HOOK, AgentState.WAITING, 90.0, Kind.OTHER, "it waits")
    asks = Evidence(Source.SCREEN, AgentState.WAITING, 91.0, Kind.PERMISSION, "Run this?")
    found = fuse([waits, asks], NOW)
    assert (found.state, found.kind, found.reason) == (asks.state, asks.kind, asks.detail)
    knows = Evidence(Source.HOOK, AgentState.WAITING, 90.0, Kind.LOGIN)
    assert fuse([knows, asks], NOW).kind is Kind.LOGIN
