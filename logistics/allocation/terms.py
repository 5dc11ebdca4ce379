"""What the merchant has laid down about allocation, as plain data: what things are worth, and who serves whom."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """For orders to `provinces` (all, when empty) with goods of `categories` (any, when empty): only these warehouses,
    or never them. Categories include those below the one that was named."""

    position: int
    only: bool
    provinces: tuple[str, ...]
    categories: tuple[int, ...]
    warehouses: tuple[int, ...]

    def concerns(self, *, province_code: str, categories: frozenset[int]) -> bool:
        return (not self.provinces or province_code in self.provinces) and (
            not self.categories or not categories.isdisjoint(self.categories)
        )

    def rules_out(self, warehouse_id: int) -> bool:
        return (warehouse_id in self.warehouses) is not self.only


@dataclass(frozen=True)
class Terms:
    """One version of them; version 0 is what holds before the merchant has published any. A parcel costs its freight,
    `per_parcel_fen`, what its way costs, `late_hour_fen` for each hour above `promise_hours`, and the worth of the
    promise × the chance that its carrier misses it. A line that waits costs `hold_fen`, and
    `priority_fen` for each step of priority that its order has."""

    version: int = 0
    per_parcel_fen: int = 300
    distance_fen: int = 20
    promise_hours: int = 96
    late_hour_fen: int = 10
    promise_worth_fen: int = 1000
    hold_fen: int = 6000
    priority_fen: int = 1000
    rules: tuple[Rule, ...] = ()

    def waiting_fen(self, priority: int) -> int:
        """What a line costs that waits."""
        return self.hold_fen + priority * self.priority_fen

    def ruled_out(self, *, province_code: str, categories: frozenset[int], warehouse_id: int) -> int | None:
        """The position of the first rule that keeps the warehouse from serving such an order; None for none."""
        for rule in self.rules:
            if rule.concerns(province_code=province_code, categories=categories) and rule.rules_out(warehouse_id):
                return rule.position
        return None
