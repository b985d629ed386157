"""A short season of a few study groups; `python -m tests.benchmarks.season` plays a long one of many."""

from tests.bot.season import Season
from tests.bot.server import running_server


async def test_a_season_of_study_groups(settings, encoder):
    async with running_server(settings, encoder) as s:
        found = await Season(s, groups=6, zones=6, weeks=3, seed=1).play()
        assert found.wrong == []
        assert (found.groups, found.zones) == (6, 6)
        assert min(found.prompts, found.digests, found.check_ins, found.rhythms, found.private_texts) > 10
