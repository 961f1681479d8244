"""The door to the next hop: SMTP client side. Envelope lines, bodies and replies keep every byte."""

from mss_guard.edge.next_hop.narrowed import Narrowed
from mss_guard.edge.next_hop.pool import HopPool
from mss_guard.edge.next_hop.resolver import DnsResolver, Resolver
from mss_guard.edge.next_hop.settings import Hop, HopSettings, Timeouts, Tls
from mss_guard.edge.next_hop.transaction import HopTransaction

__all__ = ["DnsResolver", "Hop", "HopPool", "HopSettings", "HopTransaction", "Narrowed", "Resolver", "Timeouts", "Tls"]
