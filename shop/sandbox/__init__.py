"""Local stand-ins for the services outside: WeChat, WeChat Pay, an SMS gateway and couriers.

A process of its own (`python -m shop.sandbox`) that the shop reaches by HTTP only, as it would reach the real ones.
It imports nothing of the project and nothing of the project imports it, save `process.py`, which starts it.
"""
