// One of several processes that move money between accounts of one profile at the same time.
//
//     Transfers PROFILE_DIR SECONDS SEED
//
// Store "accounts" has the keys a0 to a9, whose sum is 10,000 (the starter's doing). Each round is one relaxed
// transaction: a random amount goes from one account to another, and "count/swift" in store "counters" rises by one.
// Every 100 rounds a snapshot must show the sum unchanged. Ends after SECONDS or 10,000 transactions, whichever is
// later; prints one line of JSON; the status says whether every sum was right.

import Kist

#if canImport(Glibc)
    @preconcurrency import Glibc
#elseif canImport(Darwin)
    @preconcurrency import Darwin
#endif

let sum: Int64 = 10_000
let leastTransactions = 10_000
let roundsPerCheck = 100
let accountNames = (0..<10).map { "a\($0)" }

struct Failure: Error, CustomStringConvertible {
    let description: String
}

/// SplitMix64 (Steele, Lea and Flood 2014): the same numbers for the same seed.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

struct Transfers {
    let profile: Profile
    let accounts: Store
    let counters: Store
    var generator: SeededGenerator

    init(profileAt path: String, seed: UInt64) throws {
        profile = try Profile(at: path, .init(.open))
        accounts = try profile.store("accounts", create: false)
        counters = try profile.store("counters")
        generator = SeededGenerator(state: seed)
    }

    /// Moves a random amount between two random accounts, which may be the same.
    mutating func transfer() throws {
        let from = accountNames.randomElement(using: &generator)!
        let to = accountNames.randomElement(using: &generator)!
        let amount = Int64.random(in: 1...100, using: &generator)
        try profile.write(durability: .relaxed) { (writer) throws(KistError) in
            try writer.put(from, try balance(of: from, writer) - amount, in: accounts)
            try writer.put(to, try balance(of: to, writer) + amount, in: accounts)
            let count = try writer.get("count/swift", as: UInt64.self, in: counters) ?? 0
            try writer.put("count/swift", count + 1, in: counters)
        }
    }

    private func balance(of account: String, _ writer: Writer) throws(KistError) -> Int64 {
        guard let balance = try writer.get(account, as: Int64.self, in: accounts) else {
            throw KistError(.notFound, "account \(account) is missing")
        }
        return balance
    }

    /// Adds all accounts up in one snapshot.
    func check() throws {
        let balances = try profile.read { (reader) throws(KistError) in try reader.records(of: accounts).all() }
        let found = try balances.reduce(Int64(0)) { total, record in
            guard case .i64(let balance) = record.value else {
                throw Failure(description: "account \(record.key) holds \(record.value)")
            }
            return total + balance
        }
        guard balances.count == accountNames.count, found == sum else {
            throw Failure(description: "\(balances.count) accounts hold \(found), expected 10 and \(sum)")
        }
    }

    /// Transfers and checks for that long; gives the numbers of both.
    mutating func run(for duration: Duration) throws -> (transactions: Int, checks: Int) {
        let end = ContinuousClock.now + duration
        var transactions = 0
        var checks = 0
        while transactions < leastTransactions || ContinuousClock.now < end {
            try transfer()
            transactions += 1
            if transactions.isMultiple(of: roundsPerCheck) {
                try check()
                checks += 1
            }
        }
        try profile.close()
        return (transactions, checks)
    }
}

let arguments = CommandLine.arguments
guard arguments.count == 4, let seconds = Double(arguments[2]), let seed = UInt64(arguments[3]) else {
    fputs("usage: Transfers PROFILE_DIR SECONDS SEED\n", stderr)
    exit(2)
}
do {
    var transfers = try Transfers(profileAt: arguments[1], seed: seed)
    let (transactions, checks) = try transfers.run(for: .seconds(seconds))
    print(#"{"language":"swift","transactions":\#(transactions),"checks":\#(checks),"ok":true}"#)
} catch {
    fputs("swift, seed \(seed): \(error)\n", stderr)
    print(#"{"language":"swift","ok":false}"#)
    exit(1)
}
