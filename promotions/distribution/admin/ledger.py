"""The money of distributors: what each has, and every move of it."""

from django.contrib import admin
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from members.identity.admin import link_to_member
from promotions.distribution.admin.searching import MemberSearchMixin
from promotions.distribution.models import CommissionAccount, CommissionEntry
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
    number_path = "reference"
    list_display = ["happened_at", "who", "kind", "amount", "origin", "destination", "available_after", "reference"]
    list_filter = ["kind", "happened_at"]
    list_select_related = ["account__distributor__member"]
    fields = [("who", "kind", "amount"), ("origin", "destination"), "available_after", "reference", "actor"]
    readonly_fields = ["who", "amount", "available_after"]
    ordering = ["-pk"]

    @display(description=gettext_lazy("distributor"))
    def who(self, entry: CommissionEntry) -> str:
        return link_to_member(entry.account.distributor.member)

    @display(description=gettext_lazy("amount"), ordering="amount_fen")
    def amount(self, entry: CommissionEntry) -> str:
        return yuan(entry.amount_fen)

    @display(description=gettext_lazy("can be withdrawn thereafter"))
    def available_after(self, entry: CommissionEntry) -> str:
        return yuan(entry.available_after_fen)
