"""Teams are locked before the group buy's budget and the tallies of members; seats go with their team."""

from promotions.group_buy.models import Team


def lock_team(pk: int) -> Team:
    """Raises Team.DoesNotExist."""
    return Team.objects.select_related("group_buy").select_for_update(no_key=True, of=("self",)).get(pk=pk)
