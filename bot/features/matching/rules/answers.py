"""What the answers to a proposal lead to."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import timedelta

from bot.features.matching.models import (
    SMALLEST,
    Answer,
    Proposal,
    ProposalKind,
    ProposalMember,
    ProposalState,
    Refused,
)
from bot.features.matching.rules.fit import Pair

OPEN_FOR = timedelta(hours=72)
"""So long a proposal waits for answers."""

QUIET_FOR = timedelta(weeks=4)
"""What did not come about is not proposed again for so long."""


def decide(
    kind: ProposalKind, members: Iterable[ProposalMember], groups: Sequence[Collection[int]], *, is_over: bool
) -> ProposalState:
    """Where a proposal stands: it is still open, or that is decided.

    `groups` are those who are in the groups that it would change, in their order; nobody for one that has ended. With
    `is_over` its time is up, and who has said nothing has not accepted.
    """
    known = list(members)
    if kind is ProposalKind.FORM:
        return _decide_new(known, is_over=is_over)
    inside = {member_id for group in groups for member_id in group}
    asked = [member for member in known if member.member_id in inside]
    if not all(groups) or len(asked) < len(inside):  # somebody is in it who was not asked
        return ProposalState.DECLINED
    if kind is ProposalKind.ADD:
        seekers = [member for member in known if member.part == 1 and member.member_id not in inside]
        return _decide_added(asked, seekers, is_over=is_over)
    parts = [sum(member.part == part for member in asked) for part in (0, 1)]
    if kind is ProposalKind.SPLIT and min(parts) < SMALLEST:
        return ProposalState.DECLINED
    return _decide_unanimous(asked, is_over=is_over)


def _decide_new(members: Sequence[ProposalMember], *, is_over: bool) -> ProposalState:
    """A new group is made of those who accept, once everybody has answered or the time is up."""
    accepted, open_ = _count(members, Answer.YES), _count(members, None)
    if accepted + open_ < SMALLEST:
        return ProposalState.DECLINED
    if open_ and not is_over:
        return ProposalState.OPEN
    return ProposalState.ACCEPTED if accepted >= SMALLEST else ProposalState.EXPIRED


def _decide_added(
    asked: Sequence[ProposalMember], seekers: Sequence[ProposalMember], *, is_over: bool
) -> ProposalState:
    """Seekers who accept are added if the whole group accepts."""
    accepted, open_ = _count(seekers, Answer.YES), _count(seekers, None)
    if not accepted + open_:
        return ProposalState.DECLINED
    state = _decide_unanimous(asked, is_over=is_over)
    if state is not ProposalState.ACCEPTED or (accepted and (not open_ or is_over)):
        return state
    return ProposalState.EXPIRED if is_over else ProposalState.OPEN


def _decide_unanimous(asked: Sequence[ProposalMember], *, is_over: bool) -> ProposalState:
    """A group is not changed over the head of any of its members."""
    if _count(asked, Answer.NO):
        return ProposalState.DECLINED
    if _count(asked, None):
        return ProposalState.EXPIRED if is_over else ProposalState.OPEN
    return ProposalState.ACCEPTED


def _count(members: Iterable[ProposalMember], answer: Answer | None) -> int:
    return sum(member.answer is answer for member in members)


def find_refused(proposals: Iterable[Proposal]) -> Refused:
    """What may not be proposed again, from the proposals that were decided lately.

    Who did not accept a new group does not meet the same people again so soon; the others may.
    """
    pairs, added, merged, split = set[Pair](), set[Pair](), set[Pair](), set[int]()
    for proposal in proposals:
        if proposal.kind is ProposalKind.FORM:
            pairs.update(_pairs_of(proposal))
        elif proposal.state is ProposalState.ACCEPTED:
            continue
        elif proposal.kind is ProposalKind.ADD:
            added.update((proposal.groups[0], member.member_id) for member in proposal.members if member.part == 1)
        elif proposal.kind is ProposalKind.MERGE:
            merged.add((min(proposal.groups), max(proposal.groups)))
        else:
            split.add(proposal.groups[0])
    return Refused(frozenset(pairs), frozenset(added), frozenset(merged), frozenset(split))


def _pairs_of(proposal: Proposal) -> Iterator[Pair]:
    for one in proposal.members:
        if one.answer is not Answer.YES:
            for other in proposal.members:
                if other.member_id != one.member_id:
                    yield min(one.member_id, other.member_id), max(one.member_id, other.member_id)
