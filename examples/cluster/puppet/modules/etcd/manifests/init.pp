# A member of an etcd cluster. The package is in the machine's image already.
#
# @param members  host names of all members
# @param cluster  its name; members of another cluster are not let in
class etcd (
  Array[String[1], 1] $members,
  String[1]           $cluster = 'example',
) {
  # The first one to start waits for the others; `systemctl start` need not.
  file { '/etc/systemd/system/etcd.service.d':
    ensure => directory,
  }
  file { '/etc/systemd/system/etcd.service.d/cluster.conf':
    content => "[Service]\nType=exec\n",
  }
  ~> exec { '/bin/systemctl daemon-reload':
    refreshonly => true,
  }
  ~> Service['etcd']

  file { '/etc/default/etcd':
    content => epp('etcd/etcd.epp', {
      'name'    => $facts['networking']['hostname'],
      'members' => $members,
      'cluster' => $cluster,
    }),
  }
  ~> service { 'etcd':
    ensure => running,
    enable => true,
  }
}
