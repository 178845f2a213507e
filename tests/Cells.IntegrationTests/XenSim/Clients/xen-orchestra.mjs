// Drives a XenAPI server with Xen Orchestra's client (npm: xen-api): login, records, a VM's life, events, logout.
// Usage: node xen-orchestra.mjs URL PASSWORD. Prints one line of JSON.
import { createClient } from 'xen-api'

const [url, password] = process.argv.slice(2)
const xapi = createClient({ url, auth: { user: 'root', password }, watchEvents: true })
await xapi.connect()
await xapi.objectsFetched

const hosts = await xapi.call('host.get_all_records')
const sr = await xapi.call('pool.get_default_SR', xapi.pool.$ref)
const vdi = await xapi.call('VDI.create', { name_label: 'xo disk', name_description: '', SR: sr, virtual_size: 1 << 30, type: 'user', sharable: false, read_only: false, other_config: {} })
const memory = 1 << 29
const vm = await xapi.call('VM.create', {
  name_label: 'xo vm', name_description: '', user_version: 1, is_a_template: false, affinity: '',
  memory_static_max: memory, memory_dynamic_max: memory, memory_dynamic_min: memory, memory_static_min: 0,
  VCPUs_params: {}, VCPUs_max: 1, VCPUs_at_startup: 1, actions_after_shutdown: 'destroy', actions_after_reboot: 'restart', actions_after_crash: 'destroy',
  PV_bootloader: '', PV_kernel: '', PV_ramdisk: '', PV_args: '', PV_bootloader_args: '', PV_legacy_args: '',
  HVM_boot_policy: 'BIOS order', HVM_boot_params: { order: 'dc' }, platform: {}, PCI_bus: '', other_config: {}, recommendations: '',
})
await xapi.call('VBD.create', { VM: vm, VDI: vdi, userdevice: '0', bootable: true, mode: 'RW', type: 'Disk', empty: false, other_config: {}, qos_algorithm_type: '', qos_algorithm_params: {} })

// What the client's copy of an object says, which only events change.
const shows = (ref, state) => new Promise(resolve => {
  const look = () => {
    if (xapi.getObject(ref, {}).power_state === state) resolve(state)
  }
  xapi.objects.on('add', look)
  xapi.objects.on('update', look)
  look()
})

const started = shows(vm, 'Running')
await xapi.callAsync('VM.start', vm, false, false) // ends when the task's event says so
const states = [await started]
const residentOn = await xapi.getField('VM', vm, 'resident_on')
const stopped = shows(vm, 'Halted')
await xapi.callAsync('VM.hard_shutdown', vm)
states.push(await stopped)
let refused
try {
  await xapi.call('VM.unpause', vm)
} catch (error) {
  refused = error.code
}
await xapi.call('VM.destroy', vm)
await xapi.call('VDI.destroy', vdi)
await xapi.disconnect()
console.log(JSON.stringify({ hosts: Object.values(hosts).map(h => h.name_label).sort(), residentOn: hosts[residentOn].name_label, states, refused }))
