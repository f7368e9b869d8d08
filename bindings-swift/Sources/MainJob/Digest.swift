import CCrypto
import Kist

/// SHA-256 by OpenSSL.
final class SHA256 {
    private let context: OpaquePointer

    init() {
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            fatalError("OpenSSL has no SHA-256")
        }
        self.context = context
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    func update(_ bytes: some Sequence<UInt8>) {
        let copy = Array(bytes)
        guard EVP_DigestUpdate(context, copy, copy.count) == 1 else { fatalError("SHA-256 failed") }
    }

    /// The digest in hexadecimal. Nothing can be added after it.
    func hex() -> String {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var size: UInt32 = 0
        guard EVP_DigestFinal_ex(context, &digest, &size) == 1 else { fatalError("SHA-256 failed") }
        return digest.prefix(Int(size)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    static func hex(of bytes: [UInt8]) -> String {
        let digest = SHA256()
        digest.update(bytes)
        return digest.hex()
    }
}

/// The digest that all languages compute over the same records, and how many there were.
struct RecordDigest {
    private let digest = SHA256()
    private(set) var records = 0

    /// Adds one record; records of a store come in the order of their keys.
    mutating func add(_ key: Key, _ value: Value) {
        let payload = payload(of: value)
        digest.update(littleEndian(UInt32(key.bytes.count)) + key.bytes)
        digest.update([UInt8(value.tag.rawValue)] + littleEndian(UInt32(payload.count)) + payload)
        records += 1
    }

    func hex() -> String { digest.hex() }

    private func payload(of value: Value) -> [UInt8] {
        switch value {
        case .bool(let value): [value ? 1 : 0]
        case .u64(let value): littleEndian(value)
        case .i64(let value): littleEndian(value)
        case .f64(let value): littleEndian(value.isNaN ? 0x7ff8_0000_0000_0000 : value.bitPattern)
        case .instant(let value): littleEndian(value.milliseconds)
        case .uuid(let value): withUnsafeBytes(of: value.uuid) { Array($0) }
        case .string(let value): Array(value.utf8)
        case .json(let value): Array(value.text.utf8)
        case .blob(let value): value
        }
    }

    private func littleEndian(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }
}
