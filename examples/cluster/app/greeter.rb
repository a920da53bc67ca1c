# Says over HTTP what the cluster keeps under `greeting`. It asks the etcd of its own machine.
require 'open3'
require 'socket'

NAME = Socket.gethostname

def greeting
  said, = Open3.capture2('etcdctl', 'get', '--print-value-only', 'greeting')
  said.strip
end

def page
  "#{NAME} says #{greeting}\n"
end

server = TCPServer.new('::', 8080)
puts "#{NAME} listens on port 8080"
$stdout.flush

loop do
  client = server.accept
  nil until client.gets.to_s.strip.empty?
  body = page
  client.write "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: #{body.bytesize}\r\n\r\n#{body}"
  client.close
end
