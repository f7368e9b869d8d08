import Kist
import Testing

struct StoreTests {
    @Test func putGetHasDeleteCountClear() throws {
        try withStore { store in
            #expect(try store.get("a") == nil)
            #expect(try store.get("a", as: String.self) == nil)
            #expect(try store.has("a") == false)
            #expect(try store.count() == 0)
            try store.put("a", 1)
            try store.put("b", "two")
            #expect(try store.has("a"))
            #expect(try store.count() == 2)
            try store.put("a", 1.0)
            #expect(try store.get("a") == .f64(1))
            #expect(try store.count() == 2)
            #expect(try store.delete("a"))
            #expect(try store.delete("a") == false)
            #expect(try store.get("a") == nil)
            #expect(try store.clear() == 1)
            #expect(try store.count() == 0)
        }
    }

    @Test func keysAreBytes() throws {
        try withStore { store in
            let bytes: [UInt8] = [0, 0xff, 0x80]
            try store.put(bytes, "bytes")
            try store.put("", "empty")
            try store.put("a\0b", "nul")
            try store.put("a", "short")
            #expect(try store.get(bytes, as: String.self) == "bytes")
            #expect(try store.get(Key(bytes), as: String.self) == "bytes")
            #expect(try store.get("", as: String.self) == "empty")
            #expect(try store.get("a\0b", as: String.self) == "nul")
            #expect(try store.get("a\0b".prefix(1), as: String.self) == "short")
            let found = try store.records().all().map(\.key)
            #expect(found == ["", Key(bytes), "a", "a\0b"])
            #expect(found[1].string == nil)
            #expect(found[1].description == "00ff80")
        }
    }

    @Test func storesAreSeparateAndNamed() throws {
        try withProfile { profile in
            #expect(try profile.storeNames() == [])
            let first = try profile.store("first")
            let second = try profile.store("zweiter Speicher, größer")
            try first.put("k", 1)
            try second.put("k", 2)
            #expect(try first.get("k", as: Int.self) == 1)
            #expect(try second.get("k", as: Int.self) == 2)
            #expect(try profile.storeNames() == ["first", "zweiter Speicher, größer"])
            #expect(try profile.store("first", create: false).get("k", as: Int.self) == 1)
            #expect(try profile.dropStore("first"))
            #expect(try profile.dropStore("first") == false)
            #expect(try profile.storeNames() == ["zweiter Speicher, größer"])
            expectError(.tableNotFound) { _ = try first.get("k") }
        }
    }

    @Test func dataStaysAfterClose() throws {
        let directory = try TemporaryDirectory()
        let profile = try Profile(at: directory.profilePath)
        try profile.store("s").put("k", "v")
        try profile.close()
        let again = try Profile(at: directory.profilePath, .init(.open))
        #expect(try again.store("s", create: false).get("k", as: String.self) == "v")
    }

    @Test func sameDirectoryTwice() throws {
        let directory = try TemporaryDirectory()
        let one = try Profile(at: directory.profilePath)
        let two = try Profile(at: directory.profilePath + "/../profile/.")
        try one.store("s").put("k", 7)
        #expect(try two.store("s").get("k", as: Int.self) == 7)
        try one.close()
        #expect(try two.store("s").get("k", as: Int.self) == 7)
    }

    @Test func statisticsCheckAndSync() throws {
        try withProfile(.init(pageSize: 1024, durability: .relaxed)) { profile in
            let store = try profile.store("s")
            for number in 0..<200 {
                try store.put("key \(number)", number)
            }
            try profile.sync()
            let statistics = try profile.statistics()
            #expect(statistics.pageSize == 1024)
            #expect(statistics.stores == 1)
            #expect(statistics.transactionID == statistics.durableID)
            #expect(statistics.bytesWritten > 0)
            let report = try profile.check()
            #expect(report.violations == 0, "\(report.text)")
            #expect(report.records >= 200)
            #expect(report.text == "")
        }
    }

    @Test func deletedProfileIsGone() throws {
        let directory = try TemporaryDirectory()
        let profile = try Profile(at: directory.profilePath)
        try profile.store("s").put("k", 1)
        try profile.delete()
        expectError(.closed) { _ = try profile.storeNames() }
        expectError(.notFound) { _ = try Profile(at: directory.profilePath, .init(.open)) }
    }

    @Test func profilesShareAnEnvironment() throws {
        let directory = try TemporaryDirectory()
        let options = Profile.Options(environment: directory.path + "/shared")
        let one = try Profile(at: directory.path + "/one", options)
        let two = try Profile(at: directory.path + "/two", options)
        try one.store("certificates").put("a", 1)
        #expect(try two.store("certificates").get("a", as: Int.self) == 1)
        let report = try one.check()
        #expect(report.violations == 0)
    }

    @Test func relaxedWritesAreFlushedByTheirNumber() async throws {
        let directory = try TemporaryDirectory()
        let flush = Profile.Options.Flush(bytes: .never, milliseconds: .never, operations: .at(3))
        let profile = try Profile(at: directory.profilePath, .init(flush: flush))
        let store = try profile.store("things")
        let queue = try profile.queue()
        let first = try queue.add(1, to: "n", in: store, durability: .relaxed)
        _ = try queue.add(1, to: "n", in: store, durability: .relaxed)
        _ = try queue.add(1, to: "n", in: store, durability: .relaxed)
        #expect(try await first.durable() == .i64(1))
        try profile.close()
    }
}
