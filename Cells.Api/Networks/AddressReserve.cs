using System.Buffers.Binary;
using Cells.Contracts;

namespace Cells.Api.Networks;

/// <summary>
/// Free addresses of each subnet, read some hundreds at a time from a random place on, and handed out one by one: what many requests share is a queue in
/// memory and never a lock in the database. The table's constraint is what makes an address unique; another node's rare choice of the same one is a
/// miss, and the next is tried.
/// </summary>
internal sealed class AddressReserve(PortStore ports, IIdSource ids)
{
    private const int Least = 256;

    // Of addresses, free or not: the first look is small, and in a crowded subnet each next one is wider.
    private const long FirstWindow = 1_024, WidestWindow = 65_536;

    private readonly Dictionary<SubnetId, Stock> _stocks = [];
    private readonly Lock _gate = new();

    /// <summary>
    /// Addresses that were free a moment ago; nobody else on this node gets them before <see cref="Return"/>. Fewer than asked: the subnet has no
    /// more.
    /// </summary>
    public async Task<IReadOnlyList<Ipv4>> TakeAsync(StoredSubnet subnet, int count, CancellationToken stop)
    {
        var taken = new List<Ipv4>();
        if (TryTake(subnet.Id, count, taken))
            return taken;
        foreach (var address in await ReadAsync(subnet, Math.Max(Least, count), stop))
            Add(subnet.Id, address);
        TryTake(subnet.Id, count, taken);
        return taken;
    }

    /// <summary>The request that took them is over. Those it did not use may be read as free again.</summary>
    public void Return(SubnetId subnet, IEnumerable<Ipv4> addresses)
    {
        lock (_gate)
        {
            foreach (var address in addresses)
                StockOf(subnet).Out.Remove(address);
        }
    }

    /// <summary>Somebody else had one of them: what is in store may be theirs too.</summary>
    public void Forget(SubnetId subnet)
    {
        lock (_gate)
        {
            var stock = StockOf(subnet);
            stock.Free.Clear();
            stock.Stored.Clear();
        }
    }

    /// <summary>Walks over the pool in windows, once around at most.</summary>
    private async Task<IReadOnlyList<Ipv4>> ReadAsync(StoredSubnet subnet, int wanted, CancellationToken stop)
    {
        var pool = subnet.Pool;
        var (start, free, length) = (Random(pool.Count), new List<Ipv4>(), FirstWindow);
        for (var seen = 0L; seen < pool.Count && free.Count < wanted; seen += length)
        {
            length = Math.Min(seen == 0 ? FirstWindow : Math.Min(length * 2, WidestWindow), pool.Count - seen);
            var window = pool.Window((start + seen) % pool.Count, length);
            var taken = new HashSet<Ipv4>();
            foreach (var range in window)
                taken.UnionWith(await ports.TakenAsync(subnet.Id, range, stop));
            free.AddRange(AddressPool.Free(window, taken).Take(wanted - free.Count));
        }
        Shuffle(free);
        return free;
    }

    // Two nodes that read the same place hand out in different orders.
    private void Shuffle(List<Ipv4> addresses)
    {
        for (var i = addresses.Count - 1; i > 0; i--)
        {
            var other = (int)Random(i + 1);
            (addresses[i], addresses[other]) = (addresses[other], addresses[i]);
        }
    }

    private bool TryTake(SubnetId subnet, int count, List<Ipv4> into)
    {
        lock (_gate)
        {
            var stock = StockOf(subnet);
            while (into.Count < count && stock.Free.TryDequeue(out var address))
            {
                stock.Stored.Remove(address);
                stock.Out.Add(address);
                into.Add(address);
            }
            return into.Count == count;
        }
    }

    // Two requests may have read the same place at once: each address goes into the store once, and not while somebody holds it.
    private void Add(SubnetId subnet, Ipv4 address)
    {
        lock (_gate)
        {
            var stock = StockOf(subnet);
            if (!stock.Out.Contains(address) && stock.Stored.Add(address))
                stock.Free.Enqueue(address);
        }
    }

    private Stock StockOf(SubnetId subnet) => _stocks.TryGetValue(subnet, out var stock) ? stock : _stocks[subnet] = new Stock();

    private long Random(long below)
    {
        Span<byte> bytes = stackalloc byte[8];
        ids.Fill(bytes);
        return (long)(BinaryPrimitives.ReadUInt64LittleEndian(bytes) % (ulong)below);
    }

    private sealed class Stock
    {
        public Queue<Ipv4> Free { get; } = [];

        /// <summary>What is in <see cref="Free"/>: hundreds may be added at once, each looked up.</summary>
        public HashSet<Ipv4> Stored { get; } = [];

        public HashSet<Ipv4> Out { get; } = [];
    }
}
