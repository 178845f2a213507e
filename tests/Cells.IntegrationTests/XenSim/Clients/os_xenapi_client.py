"""Drives a XenAPI server with OpenStack's copy of Citrix's client (Debian: python3-os-xenapi) over XML-RPC.

Usage: os_xenapi_client.py URL PASSWORD. Prints one line of JSON.
"""
import json
import sys

from os_xenapi.client import XenAPI

url, password = sys.argv[1:]
session = XenAPI.Session(url)
session.login_with_password("root", password, "1.0", "cells-test")
x = session.xenapi

hosts = x.host.get_all_records()
pool = x.pool.get_all()[0]
sr = x.pool.get_default_SR(pool)
vdi = x.VDI.create({"name_label": "nova disk", "SR": sr, "virtual_size": str(1 << 30), "type": "user", "sharable": False, "read_only": False, "other_config": {}})
memory = str(1 << 29)
vm = x.VM.create({
    "name_label": "nova vm", "name_description": "", "user_version": "0", "is_a_template": False, "affinity": "",
    "memory_static_max": memory, "memory_dynamic_max": memory, "memory_dynamic_min": memory, "memory_static_min": "0",
    "VCPUs_params": {}, "VCPUs_max": "1", "VCPUs_at_startup": "1",
    "actions_after_shutdown": "destroy", "actions_after_reboot": "restart", "actions_after_crash": "destroy",
    "PV_bootloader": "", "PV_kernel": "", "PV_ramdisk": "", "PV_args": "", "PV_bootloader_args": "", "PV_legacy_args": "",
    "HVM_boot_policy": "BIOS order", "HVM_boot_params": {"order": "dc"}, "platform": {}, "PCI_bus": "", "other_config": {"nova_uuid": "x"}, "recommendations": "",
})
x.VBD.create({"VM": vm, "VDI": vdi, "userdevice": "0", "bootable": True, "mode": "RW", "type": "Disk", "empty": False, "other_config": {},
              "qos_algorithm_type": "", "qos_algorithm_params": {}, "qos_supported_algorithms": []})
# "from" is a word of Python's own: clients reach it by getattr.
batch = getattr(x.event, "from")(["vm"], "", 60.1)
x.VM.start(vm, False, False)
running = x.VM.get_record(vm)
changes = getattr(x.event, "from")(["vm"], batch["token"], 60.1)["events"]
try:
    x.VM.unpause(vm)
    refused = None
except XenAPI.Failure as failure:
    refused = failure.details[0]
x.VM.hard_shutdown(vm)
x.VM.destroy(vm)
x.VDI.destroy(vdi)
found = x.VM.get_all_records_where('field "is_control_domain"="true"')
session.xenapi.session.logout()
print(json.dumps({
    "hosts": sorted(h["name_label"] for h in hosts.values()),
    "power_state": running["power_state"],
    "vcpus": running["VCPUs_max"],
    "residentOn": hosts[running["resident_on"]]["name_label"],
    "changed": [e["operation"] + " " + e["snapshot"]["power_state"] for e in changes if e["ref"] == vm],
    "counted": batch["valid_ref_counts"]["vm"],
    "control_domains": len(found),
    "refused": refused,
}))
