"""Between gateways: the door that peers knock at, and the link that carries our statements there."""
