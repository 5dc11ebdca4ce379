"""The money of distributors: what each has, and every move of it."""

from django.contrib import admin
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from members.identity.admin import link_to_member
from promotions.distribution.admin.searching import MemberSearchMixin
from promotions.distribution.models import CommissionAccount, CommissionEntry, Withdrawal
from shop.core.admin import ReadOnlyAdmin
from shop.core.money import yuan


@admin.register(CommissionAccount)
class CommissionAccountAdmin(MemberSearchMixin, ReadOnlyAdmin):
    member_paths = ("distributor__member",)
    list_display = ["name", "frozen", "settled", "available", "reserved", "paid"]
    list_select_related = ["distributor__member"]
    fields = ["who", "frozen", "settled", "available", "reserved", "paid"]
    readonly_fields = fields
    ordering = ["-pk"]

    @display(description=gettext_lazy("distributor"))
    def name(self, account: CommissionAccount) -> str:
        return str(account.distributor)

    @display(description=gettext_lazy("distributor"))
    def who(self, account: CommissionAccount) -> str:
        return link_to_member(account.distributor.member)

    @display(description=gettext_lazy("frozen"), ordering="frozen_fen")
    def frozen(self, account: CommissionAccount) -> str:
        return yuan(account.frozen_fen)

    @display(description=gettext_lazy("settled"), ordering="settled_fen")
    def settled(self, account: CommissionAccount) -> str:
        return yuan(account.settled_fen)

    @display(description=gettext_lazy("can be withdrawn"), ordering="available_fen")
    def available(self, account: CommissionAccount) -> str:
        return yuan(account.available_fen)

    @display(description=gettext_lazy("being withdrawn"), ordering="reserved_fen")
    def reserved(self, account: CommissionAccount) -> str:
        return yuan(account.reserved_fen)

    @display(description=gettext_lazy("paid out"), ordering="paid_fen")
    def paid(self, account: CommissionAccount) -> str:
        return yuan(account.paid_fen)


@admin.register(CommissionEntry)
class CommissionEntryAdmin(MemberSearchMixin, ReadOnlyAdmin):
    member_paths = ("account__distributor__member",)
    list_display = ["happened_at", "who", "kind", "amount", "origin", "destination", "available_after", "about"]
    list_filter = ["kind", "happened_at"]
    list_select_related = ["account__distributor__member", "sale"]
    fields = [
        ("happened_at", "who"),
        ("kind", "amount"),
        ("origin", "destination"),
        ("available_after", "about"),
        "actor",
    ]
    readonly_fields = ["who", "amount", "available_after", "about"]
    ordering = ["-pk"]

    @display(description=gettext_lazy("distributor"))
    def who(self, entry: CommissionEntry) -> str:
        return link_to_member(entry.account.distributor.member)

    def by_number(self, term: str) -> Q:
        """Of an order, or of a withdrawal, which is its distributor's."""
        asked = Withdrawal.objects.filter(number=term).values("distributor")
        return Q(sale__order_number=term) | Q(account__in=asked, reference=f"withdrawal:{term}")

    @display(description=gettext_lazy("what it is about"))
    def about(self, entry: CommissionEntry) -> str:
        if entry.sale is not None:
            return _("Order {number}").format(number=entry.sale)
        what, _colon, number = entry.reference.partition(":")
        if what == "withdrawal":
            return _("Withdrawal {number}").format(number=number)
        _board, first_day, rank = number.split(":")
        if what == "correction":
            return _("Ranks of the period from {day} counted again").format(day=first_day)
        return _("Period from {day}, rank {rank}").format(day=first_day, rank=rank)

    @display(description=gettext_lazy("amount"), ordering="amount_fen")
    def amount(self, entry: CommissionEntry) -> str:
        return yuan(entry.amount_fen)

    @display(description=gettext_lazy("can be withdrawn thereafter"))
    def available_after(self, entry: CommissionEntry) -> str:
        return yuan(entry.available_after_fen)
