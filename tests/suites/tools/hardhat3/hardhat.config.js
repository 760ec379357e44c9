// Hardhat takes one toolbox at a time: the environment names it.
const { default: toolbox } = await import(process.env.TOOLBOX);

export default {
  plugins: [toolbox],
  networks: { ours: { type: "http", chainType: "l1", url: process.env.NODE_URL } },
};
