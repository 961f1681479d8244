"""`python -m bench.detection`: what the shipped rules find and what they wrongly find, per source, with its bounds."""
