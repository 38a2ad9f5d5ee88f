"""`tungsten doctor`: checks of everything Tungsten needs."""
