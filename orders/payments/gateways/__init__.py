"""Payment gateways behind one interface: `base` says what every one can do, `registry` finds the one of a method."""
