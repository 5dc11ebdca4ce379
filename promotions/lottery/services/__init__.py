"""The only code that changes lotteries besides the frame of campaigns."""

from promotions.lottery.services.chances import gift_chances, give_chances, take_back_chances
from promotions.lottery.services.claiming import claim_prize, confirm_prize, release_prize, reveal_code
from promotions.lottery.services.drawing import draw
from promotions.lottery.services.expiring import expire_wins, remind_winners
from promotions.lottery.services.stocking import add_stock, import_codes

__all__ = [
    "add_stock",
    "claim_prize",
    "confirm_prize",
    "draw",
    "expire_wins",
    "gift_chances",
    "give_chances",
    "import_codes",
    "release_prize",
    "remind_winners",
    "reveal_code",
    "take_back_chances",
]
