"""What orders take of discounts, and how merchants write them down."""
