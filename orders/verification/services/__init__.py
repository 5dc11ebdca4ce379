"""Every change of pickups and verifications."""
