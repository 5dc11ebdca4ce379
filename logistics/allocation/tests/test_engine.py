from logistics.allocation.engine import AllocationRequest, NetworkSnapshot, Site, allocate

HANGZHOU, SHANGHAI, GUANGZHOU = (120.2, 30.3), (121.47, 31.23), (113.26, 23.13)
TEA, CUP = 1, 2


def site(number: int, place: tuple[float, float], free: dict[int, int], **fields) -> Site:
    defaults = {"code": f"W{number}", "name": f"W{number}", "priority": 100, "is_active": True}
    return Site(warehouse_id=number, longitude=place[0], latitude=place[1], free=free, **{**defaults, **fields})


def plan(items: dict[int, int], *sites: Site, to: tuple[float, float] | None = SHANGHAI):
    longitude, latitude = to or (None, None)
    return allocate(AllocationRequest("O1", items, longitude, latitude), NetworkSnapshot(sites))


def test_the_nearest_with_everything_is_chosen_and_the_record_says_why():
    result = plan({TEA: 2}, site(1, GUANGZHOU, {TEA: 9}), site(2, HANGZHOU, {TEA: 2}))
    assert (result.rule, result.parcels) == ("whole", {2: {TEA: 2}})
    assert result.record()["candidates"] == [
        # Distances worked out by the spherical law of cosines.
        {
            "warehouse": "W2",
            "name": "W2",
            "distance_km": 159.4,
            "verdict": "chosen",
            "missing": {},
            "items": {"1": 2},
        },
        {
            "warehouse": "W1",
            "name": "W1",
            "distance_km": 1211.8,
            "verdict": "farther",
            "missing": {},
            "items": {},
        },
    ]


def test_one_parcel_from_afar_is_better_than_two():
    result = plan({TEA: 1, CUP: 1}, site(1, HANGZHOU, {TEA: 9}), site(2, GUANGZHOU, {TEA: 1, CUP: 1}))
    assert result.parcels == {2: {TEA: 1, CUP: 1}}
    assert [c.verdict for c in result.candidates] == ["incomplete", "chosen"]
    assert result.candidates[0].missing == {CUP: 1}


def test_otherwise_each_line_comes_from_the_nearest_that_has_it():
    sites = (
        site(1, HANGZHOU, {TEA: 1}),
        site(2, GUANGZHOU, {TEA: 5, CUP: 2}),
        site(3, SHANGHAI, {CUP: 1}),
    )
    result = plan({TEA: 6, CUP: 2}, *sites)
    assert result.rule == "split"
    # No site has six teas: the nearest gives what it has. One site has both cups.
    assert result.parcels == {1: {TEA: 1}, 2: {TEA: 5, CUP: 2}}


def test_when_units_lack_nothing_is_planned():
    result = plan({TEA: 3, CUP: 1}, site(1, HANGZHOU, {TEA: 2}), site(2, GUANGZHOU, {CUP: 1}))
    assert (result.rule, result.parcels, result.short) == ("short", {}, {TEA: 1})


def test_a_closed_warehouse_gives_nothing():
    result = plan({TEA: 1}, site(1, HANGZHOU, {TEA: 9}, is_active=False), site(2, GUANGZHOU, {TEA: 1}))
    assert result.parcels == {2: {TEA: 1}}
    assert [c.verdict for c in result.candidates] == ["closed", "chosen"]


def test_ties_go_to_priority_then_to_the_older_warehouse():
    same = [site(n, HANGZHOU, {TEA: 1}, priority=priority) for n, priority in ((1, 50), (2, 10), (3, 10))]
    assert plan({TEA: 1}, *same).parcels == {2: {TEA: 1}}


def test_without_coordinates_priority_decides():
    result = plan({TEA: 1}, site(1, HANGZHOU, {TEA: 1}), site(2, GUANGZHOU, {TEA: 1}, priority=1), to=None)
    assert result.parcels == {2: {TEA: 1}}
    assert result.candidates[0].distance_km is None


def test_no_warehouse_at_all():
    assert plan({TEA: 1}).short == {TEA: 1}
