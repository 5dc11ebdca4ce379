"""How prize codes are kept: sealed with a key of this shop, found again by a fingerprint.

They come from elsewhere and must be shown once won, so that a hash alone would not do.
"""

from shop.core.sealing import Box

_BOX = Box("promotions.lottery.codes")
seal, unseal, fingerprint = _BOX.seal, _BOX.unseal, _BOX.fingerprint
