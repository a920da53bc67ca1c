# Each machine is a member; the lab file says which ones there are.
class { 'etcd':
  members => $facts['cluster']['members'],
}
