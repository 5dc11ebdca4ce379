"""What orders take of flash sales, who wants to be reminded, and how merchants write sessions down."""
